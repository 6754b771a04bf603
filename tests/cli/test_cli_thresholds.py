"""``gonogo thresholds`` as its users see it."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from gonogo.cli import app

SHA256 = "9881a4f08924c11c88bc98bde52eb3072d99f65fecfe40b421143ba7aa7d361c"


def flowers(folder: Path, rows: int) -> Path:
    """Write a file of labelled rows whose scores tell them apart, and return it."""
    file = folder / "flowers.csv"
    lines = ["species,p", *(f"{'setosa,0.9' if i % 2 else 'rose,0.1'}" for i in range(rows))]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def ask(*arguments: str) -> tuple[int, str]:
    """Run the command and return its exit status and what it says."""
    done = CliRunner().invoke(app, ["thresholds", *arguments])
    return done.exit_code, done.output


def test_settings_are_printed_and_written(tmp_path: Path) -> None:
    """The recommended threshold as a variable, with the annotation of the model that was named."""
    out = tmp_path / "thresholds.env"
    model = f"setosa=iris-setosa={SHA256}"
    status, said = ask(
        str(flowers(tmp_path, 400)), "--truth", "species", "--score", "setosa=p", "--model", model, "--out", str(out)
    )
    assert status == 0, said
    assert out.read_text(encoding="utf-8") in said
    assert "THRESHOLD_SETOSA=0.11\n" in out.read_text(encoding="utf-8")
    assert f'gonogo.dev/tuned-for: "iris-setosa={SHA256}"' in said


def test_too_few_rows_are_inconclusive(tmp_path: Path) -> None:
    """Exit status 3, as everywhere, and no setting."""
    status, said = ask(str(flowers(tmp_path, 20)), "--truth", "species", "--score", "setosa=p")
    assert status == 3
    assert "# THRESHOLD_SETOSA: none" in said


def test_all_points_can_be_had_as_json(tmp_path: Path) -> None:
    """For whoever draws them."""
    _, said = ask(str(flowers(tmp_path, 400)), "--truth", "species", "--score", "setosa=p", "--json")
    [found] = json.loads(said)
    assert (found["recommended"], len(found["points"])) == (0.11, 99)


def test_one_source_of_scores_is_needed(tmp_path: Path) -> None:
    """Neither, or both, is bad input: exit status 2 and one line."""
    status, said = ask(str(flowers(tmp_path, 20)), "--truth", "species")
    assert status == 2
    assert "--score CLASS=COLUMN or --ask CLASS=URL" in said


def test_another_machine_is_asked_only_when_it_is_allowed(tmp_path: Path) -> None:
    """As with loads: hosts other than loopback stand in the settings first."""
    url = "setosa=http://192.0.2.1:8000/predict"
    status, said = ask(str(flowers(tmp_path, 20)), "--truth", "species", "--ask", url)
    assert status == 2
    assert "allow_hosts" in said
