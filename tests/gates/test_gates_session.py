"""One session of gates, as its user sees it: the last line, the judgment, the exit status, and what is left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from fixtures.patience import PATIENCE_S
from fixtures.projects import SUITE, TWIN, Project
from gonogo.suite.exclusive import exclusive_load

EASY = """
import pytest

@pytest.mark.gate
def test_easy():
    assert True
"""


def _wait_for(condition: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {patience_s} s for {what}"
        time.sleep(0.05)


def _twins_of(project: Project) -> list[psutil.Process]:
    """Processes of the project's services: those with its folder in their environment or working directory."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        try:
            if str(TWIN) in (process.info["cmdline"] or []) and str(project.folder) in " ".join(
                process.environ().values()
            ):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def test_without_gate_tests_gonogo_says_nothing(project: Project) -> None:
    """A session of ordinary tests gets no judgment and no verdict."""
    project.write("tests/test_plain.py", "def test_plain():\n    assert True\n")
    outcome = project.pytest("tests")
    assert outcome.status == 0
    assert "GO" not in outcome.last_line
    assert not outcome.folder.exists()


def test_a_skipped_gate_forbids_go(project: Project) -> None:
    """A gate that was skipped is listed, and the verdict is INCONCLUSIVE although pytest is content; CI learns it."""
    project.write("suites/test_easy.py", EASY)
    project.write("suites/test_later.py", EASY.replace("@pytest.mark.gate", "@pytest.mark.skip\n@pytest.mark.gate"))
    outcome = project.pytest("suites/test_easy.py", "suites/test_later.py")
    assert outcome.status == 0
    assert outcome.last_line.startswith("INCONCLUSIVE: ")
    assert "test_later" in json.dumps(outcome.judgment["obstacles"])
    assert project.gonogo("verdict", "judgment").returncode == 3


def test_a_gate_that_k_leaves_out_forbids_go(project: Project) -> None:
    """``-k`` does not set the scope: what it leaves out is listed."""
    project.write("suites/test_easy.py", EASY + "\n\n@pytest.mark.gate\ndef test_hard():\n    assert True\n")
    outcome = project.pytest("suites/test_easy.py", "-k", "easy and not hard")
    assert outcome.last_line.startswith("INCONCLUSIVE: ")
    assert any("test_hard" in test["id"] and test["outcome"] == "deselected" for test in outcome.judgment["tests"])


def test_m_sets_the_scope(project: Project) -> None:
    """What ``-m`` leaves out is outside the scope, which the judgment names, and does not keep CI from GO."""
    project.write("suites/test_easy.py", EASY)
    outcome = project.pytest("-m", "gate", "suites")
    assert outcome.last_line == "GO", outcome.output
    assert "-m 'gate'" in outcome.judgment["scope"]
    assert project.gonogo("verdict", "judgment").returncode == 0


def test_a_listed_gate_that_did_not_run_forbids_go(project: Project) -> None:
    """Suites that the settings list must have run; one that is not even there is named."""
    project.write("suites/test_easy.py", EASY)
    project.write("pyproject.toml", '[tool.gonogo]\ngates = ["suites/test_easy.py", "suites/test_gone.py"]\n')
    outcome = project.pytest("-m", "gate")
    assert outcome.last_line.startswith("INCONCLUSIVE: ")
    assert "suites/test_gone.py" in outcome.last_line


def test_a_failed_gate_is_no_go(project: Project) -> None:
    """A gate test that fails by its own assertion is NO-GO, for pytest and for whoever asks the judgment."""
    project.write("suites/test_easy.py", EASY.replace("assert True", "assert 1 > 2, 'one is not more'"))
    outcome = project.pytest("suites/test_easy.py")
    assert outcome.status == 1
    assert outcome.last_line.startswith("NO-GO: ")
    assert project.gonogo("verdict", "judgment").returncode == 1


def test_an_existing_judgment_is_archived(project: Project) -> None:
    """The judgment before is kept beside the new one."""
    project.write("suites/test_easy.py", EASY)
    project.pytest("suites/test_easy.py")
    project.pytest("suites/test_easy.py")
    kept = [path for path in project.folder.iterdir() if path.name.startswith("judgment-")]
    assert len(kept) == 1
    assert json.loads((kept[0] / "judgment.json").read_text(encoding="utf-8"))["verdict"] == "GO"


def test_a_report_folder_that_cannot_be_written_stops_before_any_load(project: Project) -> None:
    """A file where the folder should be is one clear usage error."""
    project.write("judgment", "I am a file")
    outcome = project.pytest("-m", "loadtest")
    assert outcome.status == pytest.ExitCode.USAGE_ERROR
    assert "judgment" in outcome.output
    assert "Traceback" not in outcome.output
    assert (project.folder / "judgment").read_text(encoding="utf-8") == "I am a file"


def test_a_misspelt_option_value_is_one_line(project: Project) -> None:
    """An unknown profile names the option's setting and the choices."""
    outcome = project.pytest("-m", "loadtest", "--gonogo-profile", "weekly")
    assert outcome.status == pytest.ExitCode.USAGE_ERROR
    assert "profile" in outcome.output
    assert "Traceback" not in outcome.output


def test_under_xdist_load_tests_are_refused_with_the_reason(project: Project) -> None:
    """Parallel workers would load the machine together."""
    option = "def pytest_addoption(parser):\n    parser.addoption('--workers', dest='numprocesses', type=int)\n"
    project.write("conftest.py", option)
    outcome = project.pytest("-m", "loadtest", "--workers", "2")
    assert outcome.status == pytest.ExitCode.USAGE_ERROR
    assert "xdist" in outcome.output


def test_two_load_tests_at_once_are_refused(project: Project) -> None:
    """The second says which process holds the machine, and is not NO-GO for it."""
    settings = project.folder / "pyproject.toml"
    project.write(
        "pyproject.toml", settings.read_text().replace("[tool.gonogo]\n", "[tool.gonogo]\nload_wait = 0\n", 1)
    )
    with exclusive_load(project.temporary):
        outcome = project.pytest("-m", "loadtest")
    assert f"process {os.getpid()}" in outcome.output
    assert outcome.last_line.startswith("INCONCLUSIVE: ")


def test_a_service_that_dies_at_start_is_no_go_with_its_last_words(project: Project) -> None:
    """A service that cannot start cannot be released; the message has its exit status and its output."""
    command = "{python} -c \\\"import sys; sys.exit('no model at /models/x.onnx')\\\""
    project.write("pyproject.toml", f'[tool.gonogo.images]\n"shop/model:*" = "{command}"\n')
    outcome = project.pytest("-m", "loadtest", "--gonogo-ready-timeout", "60s")
    assert outcome.last_line.startswith("NO-GO: "), outcome.output
    assert "no model at /models/x.onnx" in outcome.output


def test_an_unmapped_image_comes_with_the_block_to_paste(project: Project) -> None:
    """Every image without a command is named, with the settings that would map it."""
    project.write("pyproject.toml", "[tool.gonogo]\n")
    outcome = project.pytest("-m", "loadtest")
    assert "[tool.gonogo.images]" in outcome.output
    assert '"shop/model:1"' in outcome.output
    assert outcome.last_line.startswith("INCONCLUSIVE: ")


def test_broken_yaml_is_one_message_and_not_a_verdict_on_the_service(project: Project) -> None:
    """The message names file and line; the session is INCONCLUSIVE."""
    project.write("manifests/model.yaml", "apiVersion: v1\nkind: [Service\n")
    outcome = project.pytest("-m", "loadtest")
    assert "manifests/model.yaml:" in outcome.output
    assert "raise ManifestError" not in outcome.output
    assert outcome.last_line.startswith("INCONCLUSIVE: ")


@pytest.mark.parametrize(("how", "status"), [(signal.SIGINT, 2), (signal.SIGKILL, -9)])
def test_a_session_that_is_cut_short_leaves_a_judgment_and_no_process(
    project: Project, how: signal.Signals, status: int
) -> None:
    """After Ctrl-C and after kill -9 the judgment says that it is not complete, and nothing runs on."""
    judgment = project.folder / "judgment" / "judgment.json"
    project.write("suites/test_model.py", SUITE.replace('duration="6s"', 'duration="300s", stop_when_decided=False'))
    with subprocess.Popen(
        [sys.executable, "-m", "pytest", "-m", "loadtest", "-p", "no:cacheprovider"],
        cwd=project.folder,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as session:
        _wait_for(lambda: any(project.folder.glob("judgment/runs/*/*")), "the load to begin")
        _wait_for(lambda: bool(_twins_of(project)), "the service to run")
        session.send_signal(how)
        session.communicate(timeout=PATIENCE_S)
    assert session.returncode == status
    content = json.loads(judgment.read_text(encoding="utf-8"))
    assert content["complete"] is False
    assert content["verdict"] != "GO"
    _wait_for(lambda: not _twins_of(project), "the service to end")
    _wait_for(lambda: not _engines_of(project.folder), "the engine to end")


def _engines_of(folder: Path) -> list[str]:
    """Command lines of processes that work in ``folder`` or name it."""
    found = []
    for process in psutil.process_iter(["cmdline", "pid"]):
        line = " ".join(process.info["cmdline"] or [])
        if str(folder) in line and process.info["pid"] != os.getpid():
            found.append(line)
    return found
