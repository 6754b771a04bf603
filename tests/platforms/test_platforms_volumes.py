"""Volumes become folders and files below the replica's own folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from gonogo.errors import ManifestError
from gonogo.manifests.topology import ConfigMapVolume, EmptyDirVolume, Mount, Volume
from gonogo.platforms.process.volumes import FileSpec, VolumePlan, plan_volumes, write_files
from tests.contracts.topologies import container, deployment


def plan(volume: Volume, *mounts: Mount) -> VolumePlan:
    """Return where a container finds ``mounts`` of a volume."""
    return plan_volumes(deployment(volumes=(volume,)), container(mounts=mounts), "/w")


def test_an_empty_dir_is_one_folder_for_the_pod() -> None:
    """Its path does not depend on the container."""
    assert plan(EmptyDirVolume("data"), Mount("data", "/data/")).paths == {"/data": "/w/data"}


def test_a_sub_path_of_an_empty_dir_is_made() -> None:
    """The folder below the volume exists before the container starts."""
    assert plan(EmptyDirVolume("data"), Mount("data", "/data", sub_path="a/b")).folders == ("/w/data/a/b",)


def test_a_config_map_is_written_for_each_container() -> None:
    """Its files are below a folder that carries the container's name."""
    made = plan(ConfigMapVolume("conf", {"a/b.txt": b"x"}), Mount("conf", "/etc/app"))
    assert made.paths == {"/etc/app": "/w/main.conf"}
    assert made.files == (("/w/main.conf/a/b.txt", b"x", False),)


def test_a_sub_path_of_a_config_map_is_a_file() -> None:
    """The mount path leads to the one file."""
    made = plan(ConfigMapVolume("conf", {"b.txt": b"x"}), Mount("conf", "/etc/b.txt", sub_path="b.txt"))
    assert made.paths == {"/etc/b.txt": "/w/main.conf/b.txt"}


def test_text_is_rewritten_and_binary_is_not() -> None:
    """What is no UTF-8 stays byte for byte."""
    made = plan(ConfigMapVolume("conf", {"text": b"abc", "binary": b"\xff\x00"}), Mount("conf", "/etc"))
    assert [file.content for file in made.file_specs(str.upper)] == [b"ABC", b"\xff\x00"]


@pytest.mark.parametrize(
    ("volume", "mount"),
    [
        (EmptyDirVolume("data"), Mount("data", "/data", sub_path="../x")),
        (EmptyDirVolume("data"), Mount("data", "/data", sub_path="/etc")),
        (ConfigMapVolume("conf", {"../../x": b""}), Mount("conf", "/etc")),
        (EmptyDirVolume("data"), Mount("nowhere", "/data")),
    ],
    ids=["sub path up", "sub path absolute", "file up", "no volume"],
)
def test_nothing_leaves_its_volume(volume: Volume, mount: Mount) -> None:
    """Paths that lead out of a volume, and mounts of none, are refused with the mount named."""
    with pytest.raises(ManifestError) as caught:
        plan(volume, mount)
    assert f"container main mount {mount.mount_path}" in caught.value.where


def test_a_secret_is_its_owners_alone(tmp_path: Path) -> None:
    """Files of Secrets are 0600, others cannot be written."""
    write_files([], [FileSpec(f"{tmp_path}/s", b"x", secret=True), FileSpec(f"{tmp_path}/c", b"y", secret=False)])
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in "sc"] == [0o600, 0o444]
