"""The images that ship with gonogo: which there are, what they are made from, and whether what is there is that."""

from __future__ import annotations

import fnmatch
import hashlib
import io
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import gonogo
from gonogo.errors import EnvironmentFault, UsageError

__all__ = ["CERTIFICATES", "ShippedImage", "choose", "digest", "ingredients", "named", "pack", "sources"]

CERTIFICATES = "images/certificates/bundle.pem"

_CODE = {"generator": tuple(f"gonogo/{part}" for part in ("__init__.py", "errors.py", "units.py", "verdicts", "load"))}
"""What of src/ an image holds; the services are in the others."""


@dataclass(frozen=True, slots=True)
class ShippedImage:
    """One image.

    Attributes:
        name: with its tag, as manifests write it.
        family: folder of its Dockerfile in images/, and the name of the file with its packages: ``services/iris``.
    """

    name: str
    family: str

    @property
    def dockerfile(self) -> str:
        """Path of its Dockerfile, from the root."""
        return f"images/{self.family.partition('/')[0]}/Dockerfile"

    @property
    def requirements(self) -> str:
        """Name of the file with its packages, without its ending."""
        return self.family.partition("/")[2]

    @property
    def target(self) -> str:
        """The stage of the Dockerfile that is this image."""
        return self.name.partition(":")[0].rpartition("/")[2]


def choose(names: Sequence[str], families: Mapping[str, str]) -> tuple[ShippedImage, ...]:
    """Return those of ``names`` that ship with gonogo.

    Args:
        names: images as manifests write them.
        families: glob of images to their family.
    """
    found = []
    for name in dict.fromkeys(names):
        family = next((family for glob, family in families.items() if fnmatch.fnmatchcase(name, glob)), None)
        if family is not None:
            found.append(ShippedImage(name, family))
    return tuple(found)


def named(given: Sequence[str], families: Mapping[str, str], version: str) -> tuple[ShippedImage, ...]:
    """Return the images that a person means: ``gonogo/iris``, ``iris``, ``gonogo/iris:0.1.0``; all for none.

    Raises:
        UsageError: one of them does not ship with gonogo.
    """
    plain = {glob.partition(":")[0]: family for glob, family in families.items()}
    chosen = []
    for text in given or plain:
        name, colon, tag = text.partition(":")
        full = name if name in plain else f"gonogo/{name}"
        if full not in plain:
            raise UsageError(f"no image {text!r} ships with gonogo", mend=f"choose from: {', '.join(plain)}")
        chosen.append(ShippedImage(f"{full}:{tag if colon else version}", plain[full]))
    return tuple(chosen)


def sources() -> Path:
    """Return the folder that holds images/, constraints.txt and src/gonogo_services.

    Raises:
        EnvironmentFault: they are not beside this installation of gonogo.
    """
    root = Path(gonogo.__file__).parents[2]
    if not (root / "images").is_dir() or not (root / "constraints.txt").is_file():
        raise EnvironmentFault(
            "the Dockerfiles of the shipped images are not beside this installation of gonogo",
            where=str(root),
            mend="build from a checkout of gonogo (pip install -e .), or load images that were built from one",
        )
    return root


def ingredients(root: Path, image: ShippedImage) -> dict[str, bytes]:
    """Return what an image is made from: path in the build context to content."""
    dockerfile = root / image.dockerfile
    code = _CODE.get(image.target, ("gonogo_services",))
    paths = [
        dockerfile,
        dockerfile.with_name(f"{image.requirements}.txt"),
        root / "images" / "certificates" / "README.md",
        root / "constraints.txt",
        *(path for part in code for path in _files(root / "src" / part)),
    ]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(paths)}


def _files(path: Path) -> Iterable[Path]:
    return (
        each for each in ([path] if path.is_file() else path.rglob("*")) if each.is_file() and each.suffix != ".pyc"
    )


def digest(image: ShippedImage, contents: Mapping[str, bytes], base: str) -> str:
    """Return a digest of everything that decides what ``image`` is.

    Args:
        image: which one.
        contents: see :func:`ingredients`.
        base: id of the base image.
    """
    total = hashlib.sha256(f"{image.target} {base}".encode())
    for path, content in sorted(contents.items()):
        total.update(f" {path} {len(content)} ".encode() + content)
    return total.hexdigest()[:24]


def pack(contents: Mapping[str, bytes], extra: Iterable[tuple[str, bytes]] = ()) -> io.BytesIO:
    """Return a build context with nothing in it that changes from one time to the next."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for path, content in (*sorted(contents.items()), *extra):
            file = tarfile.TarInfo(path)
            file.size, file.mode = len(content), 0o644
            tar.addfile(file, io.BytesIO(content))
    packed.seek(0)
    return packed
