"""Records of stacks: believed only where nobody else could have written them, cleared only when nobody holds them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gonogo.platforms.process.leftovers import Record, open_record, private_folder, read_record, reap


def test_a_record_that_is_held_is_left(tmp_path: Path) -> None:
    """The lock says that its supervisor lives."""
    lock, path = open_record(tmp_path, Record("s"))
    assert reap(tmp_path) == ()
    assert path.exists()
    os.close(lock)


def test_a_record_that_nobody_holds_is_cleared(tmp_path: Path) -> None:
    """Its groups and volumes are removed, and the record with them."""
    group, volume = tmp_path / "group", tmp_path / "volumes"
    (group / "inner").mkdir(parents=True)
    volume.mkdir()
    (volume / "secret").write_text("x")
    lock, _ = open_record(tmp_path, Record("s", (str(group),), (str(volume),)))
    os.close(lock)
    assert reap(tmp_path) == ("s",)
    assert list(tmp_path.iterdir()) == []


def test_a_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    """What one session writes another reads."""
    record = Record("s", ("/a", "/b"), ("/c",))
    lock, path = open_record(tmp_path, record)
    assert read_record(path) == record
    os.close(lock)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"stack": "s"}'])
def test_a_broken_record_is_nothing(tmp_path: Path, text: str) -> None:
    """A record that was never completely written names nothing."""
    path = tmp_path / "s.json"
    path.write_text(text)
    assert read_record(path) is None


def test_the_folder_is_private(tmp_path: Path) -> None:
    """Nobody else may enter it."""
    assert private_folder(tmp_path).stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_may_write_is_not_believed(tmp_path: Path) -> None:
    """Somebody could have put a record there that names files of ours."""
    private_folder(tmp_path).chmod(0o777)
    with pytest.raises(PermissionError):
        private_folder(tmp_path)


def test_a_link_in_its_place_is_not_believed(tmp_path: Path) -> None:
    """Likewise."""
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / f"gonogo-{os.getuid()}").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionError):
        private_folder(tmp_path)
