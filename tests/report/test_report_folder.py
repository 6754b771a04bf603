"""The judgment folder: kept, archived, locked, refused."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures.patience import PATIENCE_S
from gonogo.errors import EnvironmentFault, UsageError
from gonogo.gate.judgment import Judgment
from gonogo.report.document import dump_judgment
from gonogo.report.file import replace_file
from gonogo.report.folder import prepare
from gonogo.report.reader import read
from gonogo.verdicts.verdict import Outcome

JUNE = 1748779200  # 2025-06-01T12:00:00Z


def leave_judgment(folder: Path, judgment: Judgment) -> None:
    """Write a judgment as a session of June 2025 did, with a run beside it."""
    with prepare(folder) as held:
        replace_file(held.path / "judgment.json", dump_judgment(judgment))
        (held.path / "runs").mkdir()
    os.utime(folder / "judgment.json", (JUNE, JUNE))


def test_a_first_session_gets_an_empty_folder(tmp_path: Path) -> None:
    """The folder and those above it are made."""
    with prepare(tmp_path / "a" / "judgment") as held:
        assert held.path.is_dir()
        assert held.archived is None


def test_nothing_of_the_lock_stays(tmp_path: Path) -> None:
    """A folder that was prepared and closed is empty."""
    prepare(tmp_path / "judgment").close()
    assert list((tmp_path / "judgment").iterdir()) == []


def test_a_second_session_archives_the_first(tmp_path: Path, good: Judgment) -> None:
    """The earlier judgment stands beside the new folder, whole, under the time it was written."""
    folder = tmp_path / "judgment"
    leave_judgment(folder, good)
    with prepare(folder) as held:
        assert held.archived == tmp_path / "judgment-20250601T120000Z"
        assert read(held.archived) == good
        assert (held.archived / "runs").is_dir()
        assert not (folder / "judgment.json").exists()


def test_judgments_of_the_same_second_are_all_kept(tmp_path: Path, good: Judgment) -> None:
    """A third session does not overwrite the archive of the first."""
    folder = tmp_path / "judgment"
    leave_judgment(folder, good)
    leave_judgment(folder, good)
    with prepare(folder) as held:
        assert held.archived == tmp_path / "judgment-20250601T120000Z-2"
    assert len(list(tmp_path.glob("judgment-*/judgment.json"))) == 2


def test_a_session_that_died_is_archived_as_cut_short(tmp_path: Path, make_judgment: Callable[..., Judgment]) -> None:
    """A process that is killed leaves its judgment readable, not complete and not GO, and its lock free."""
    folder = tmp_path / "judgment"
    program = (
        "import os, sys; from pathlib import Path; from gonogo.report.folder import prepare\n"
        "held = prepare(Path(sys.argv[1])); (held.path / 'judgment.json').write_text(sys.stdin.read()); os._exit(9)"
    )
    text = dump_judgment(make_judgment(complete=False, outcome=Outcome.GO))
    subprocess.run([sys.executable, "-c", program, str(folder)], input=text, text=True, timeout=PATIENCE_S, check=False)
    with prepare(folder) as held:
        assert held.archived is not None
        judgment = read(held.archived)
    assert not judgment.complete
    assert judgment.outcome is Outcome.INCONCLUSIVE


def test_two_sessions_cannot_share_a_folder(tmp_path: Path) -> None:
    """The second one is refused and told how to go on; the first is untouched."""
    with prepare(tmp_path / "judgment") as held:
        (held.path / "judgment.json").write_text("{}", encoding="utf-8")
        with pytest.raises(UsageError, match=r"another session is writing .*--gonogo-report"):
            prepare(tmp_path / "judgment")
        assert (held.path / "judgment.json").exists()


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    """Nobody's files are renamed away."""
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="holds files, and no judgment"):
        prepare(tmp_path)
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("below", ["", "deeper/still"])
def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path, below: str) -> None:
    """A file where the folder should be is one clear message with the place and the mend."""
    (tmp_path / "judgment").write_text("", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        prepare(tmp_path / "judgment" / below)
    assert "cannot be written" in caught.value.what
    assert "judgment" in caught.value.where
    assert "--gonogo-report" in caught.value.mend


def test_a_reader_sees_the_old_file_until_the_new_one_is_whole(tmp_path: Path) -> None:
    """The new text comes under a new file: whoever reads the old one reads it to its end."""
    file = tmp_path / "judgment.json"
    replace_file(file, "old" * 10_000)
    with file.open(encoding="utf-8") as reading:
        beginning = reading.read(3)
        replace_file(file, "new")
        assert beginning + reading.read() == "old" * 10_000
    assert file.read_text(encoding="utf-8") == "new"


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk costs the new text, not the old one."""
    file = tmp_path / "judgment.json"
    replace_file(file, "old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(EnvironmentFault, match="No space left"):
        replace_file(file, "new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["judgment.json"]
    assert file.read_text(encoding="utf-8") == "old"
