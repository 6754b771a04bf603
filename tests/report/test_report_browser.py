"""The page in a real browser: nothing runs, nothing breaks out, it fits a phone."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures.patience import PATIENCE_S
from gonogo.gate.judgment import Judgment
from gonogo.report.digest import digest
from gonogo.report.exhibit import Exhibit
from gonogo.report.page import render
from gonogo.runs.run import Run

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium on the PATH: the page is not looked at")

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def document_of(page: Path, tmp_path: Path) -> str:
    """The document as the browser has it after everything in it was loaded."""
    command = [str(BROWSER), *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=5 * PATIENCE_S, check=True)
    return done.stdout


@pytest.fixture
def page(tmp_path: Path, make_judgment: Callable[..., Judgment], make_run: Callable[..., Run]) -> Path:
    """A page that is hostile wherever it can be."""
    hostile = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    judgment = make_judgment(hostile)
    plots = digest(make_run(failing=0.1))
    file = tmp_path / "index.html"
    file.write_text(render([Exhibit(judgment, hostile, {run.name: plots for run in judgment.runs})]), encoding="utf-8")
    return file


def test_a_browser_runs_nothing_of_it(page: Path, tmp_path: Path) -> None:
    """The title is ours, and the browser knows no script and no image."""
    document = document_of(page, tmp_path)
    assert "<title>NO-GO" in document
    assert not re.search("<(script|img)[ >]", document)


def test_a_browser_applies_the_style_sheet(page: Path, tmp_path: Path) -> None:
    """The policy lets our own styles in, and no part of the page is wider than a phone.

    A second page, with a script of its own, holds the page in a frame of 390 pixels and measures it.
    """
    measure = tmp_path / "measure.html"
    # A frame without a policy of its own would hide a wrong hash: srcdoc keeps the policy that stands in the page.
    measure.write_text(
        '<!doctype html><iframe width="390" height="800"></iframe><p></p><script>'
        "const frame = document.querySelector('iframe'), page = "
        f"{_script_text(page.read_text(encoding='utf-8'))};"
        "frame.onload = () => { const inside = frame.contentDocument.documentElement;"
        "document.querySelector('p').textContent = 'width ' + inside.scrollWidth + ' ground ' + "
        "frame.contentWindow.getComputedStyle(frame.contentDocument.body).backgroundColor; };"
        "frame.srcdoc = page;</script>",
        encoding="utf-8",
    )
    found = re.search(r"<p>width (\d+) ground (.*?)</p>", document_of(measure, tmp_path))
    assert found is not None
    assert int(found.group(1)) <= 390
    assert found.group(2) in ("rgb(246, 246, 243)", "rgb(19, 21, 25)")


def _script_text(text: str) -> str:
    """``text`` as a string of JavaScript that no tag in it can end."""
    return "'" + "".join(f"\\u{ord(c):04x}" if not (c.isascii() and c.isalnum()) else c for c in text) + "'"
