"""The images that ship: every one has its Dockerfile, and a digest that changes with what it is made from."""

from __future__ import annotations

import re
import tarfile
from pathlib import Path

import pytest

from gonogo.errors import UsageError
from gonogo.platforms.docker.shipped import ShippedImage, choose, digest, ingredients, named, pack, sources
from gonogo.settings import IMAGE_FAMILIES, SHIPPED_IMAGES, STAND_INS

FAMILIES = {"gonogo/iris:*": "services/iris", "gonogo/batch:*": "services/batch"}
IRIS = ShippedImage("gonogo/iris:1", "services/iris")
DOCKERFILES = sorted(sources().glob("images/*/Dockerfile"))


def test_every_shipped_image_can_be_built() -> None:
    """What runs as a process by its name is an image by it, too; of foreign ones, their own are used."""
    assert {glob for glob in SHIPPED_IMAGES if glob.startswith("gonogo/")} <= set(IMAGE_FAMILIES)


def test_what_stands_in_for_a_foreign_image_ships() -> None:
    """And runs as a process by the same command as the image that it stands in for."""
    for glob, name in STAND_INS.items():
        assert f"{name}:*" in IMAGE_FAMILIES
        assert SHIPPED_IMAGES[f"{name}:*"] == SHIPPED_IMAGES[glob]


@pytest.mark.parametrize("glob", sorted(set(IMAGE_FAMILIES) & set(SHIPPED_IMAGES)))
def test_every_shipped_image_has_a_stage_with_the_same_command(glob: str) -> None:
    """The stage of its name runs the module that the process platform runs."""
    image = ShippedImage(glob, IMAGE_FAMILIES[glob])
    text = (sources() / image.dockerfile).read_text()
    stage = re.search(rf"^FROM \S+ AS {image.target}$(.*?)(?=^FROM |\Z)", text, re.MULTILINE | re.DOTALL)
    module = SHIPPED_IMAGES[glob].split()[2]
    assert stage is not None
    assert re.search(rf'ENTRYPOINT \["python3", "-m", "{re.escape(module)}"[],]', stage[1])


@pytest.mark.parametrize("file", DOCKERFILES, ids=[file.parent.name for file in DOCKERFILES])
def test_every_dockerfile_keeps_the_rules(file: Path) -> None:
    """Several stages, Python packages locked, no root, a health check, and no name of a registry or index."""
    text = file.read_text()
    stages = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert stages[:2] == ["${BASE}", "${BASE}"]
    assert text.count("pip install") == text.count("--constraint /build/constraints.txt")
    assert "dev.gonogo.read-only=true" in text
    assert "USER 10001:10001" in text
    assert "\nHEALTHCHECK" in text
    assert not re.search(r"https?://(?!127\.0\.0\.1)", text)


def test_only_shipped_images_are_chosen() -> None:
    """Once each, with the tag that the manifest wants."""
    assert choose(["gonogo/iris:1", "mysql:5.7", "gonogo/iris:1"], FAMILIES) == (IRIS,)


def test_a_person_may_leave_out_what_is_plain() -> None:
    """The prefix, the tag, or the names altogether."""
    assert named(["iris", "gonogo/iris:2"], FAMILIES, "1") == (IRIS, ShippedImage("gonogo/iris:2", "services/iris"))
    assert [image.name for image in named([], FAMILIES, "1")] == ["gonogo/iris:1", "gonogo/batch:1"]


def test_an_unknown_image_is_refused() -> None:
    """By naming those that ship."""
    with pytest.raises(UsageError, match="no image 'rose' ships with gonogo; choose from: gonogo/iris, gonogo/batch"):
        named(["rose"], FAMILIES, "1")


def test_a_digest_changes_with_everything_that_decides() -> None:
    """Content, path, base and stage; and with nothing else."""
    contents = {"a": b"1", "b": b"2"}
    digests = {
        digest(IRIS, contents, "base"),
        digest(IRIS, {"a": b"1", "b": b"3"}, "base"),
        digest(IRIS, {"a": b"12", "b": b""}, "base"),
        digest(IRIS, {"a": b"1", "c": b"2"}, "base"),
        digest(IRIS, contents, "other"),
        digest(ShippedImage("gonogo/rose:1", "services/iris"), contents, "base"),
    }
    assert len(digests) == 6
    assert digest(ShippedImage("gonogo/iris:2", "services/iris"), dict(reversed(contents.items())), "base") in digests


def test_a_build_context_is_the_same_every_time() -> None:
    """No times, no owners, no order of the file system in it."""
    contents = ingredients(sources(), IRIS)
    assert pack(contents).getvalue() == pack(dict(reversed(contents.items()))).getvalue()
    with tarfile.open(fileobj=pack(contents)) as tar:
        names = tar.getnames()
    assert {
        "constraints.txt",
        "images/services/Dockerfile",
        "images/services/iris.txt",
        "src/gonogo_services/__init__.py",
    } <= set(names)
    assert not [name for name in names if "__pycache__" in name]
