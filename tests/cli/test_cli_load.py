"""``gonogo load``: exit status, files and messages that scripts rely on."""

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import duckdb
import pytest

from fixtures.projects import Project
from gonogo.suite.exclusive import exclusive_load

Serve = Callable[[str], str]

SUMMARY_KEYS = {
    "requests", "due", "rate", "throughput", "duration_s", "attack_s", "wait_s", "latency_s", "lag_s", "queued_s",
    "bytes_in", "bytes_out", "success_ratio", "status", "errors", "valid", "invalid_reason",
}  # fmt: skip


def _query(sql: str, folder: Path) -> list[tuple[object, ...]]:
    """Ask the rows of a run, which the query calls ``requests``."""
    with duckdb.connect() as connection:
        connection.execute(f"create view requests as from '{folder}/requests.parquet'")
        answer: list[tuple[object, ...]] = connection.execute(sql).fetchall()
    return answer


def _rows(folder: Path) -> int:
    ((count,),) = _query("select count(*) from requests", folder)
    assert isinstance(count, int)
    return count


def test_criteria_that_hold_are_go_and_exit_with_0(project: Project, serve: Serve) -> None:
    """The last line is the verdict; the folder has the summary and a row for every request."""
    done = project.gonogo(
        "load", serve("sound"), "--rate", "200", "--duration", "3s",
        "--timeout", "60s", "--expect", "p99 < 30s", "--expect", "success >= 98%", "--out", "run",
    )  # fmt: skip
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "GO"), done.stdout + done.stderr
    assert json.loads((project.folder / "run/summary.json").read_text(encoding="utf-8"))["requests"] == 600
    assert _rows(project.folder / "run") == 600


def test_a_criterion_that_is_broken_exits_with_1(project: Project, serve: Serve) -> None:
    """A service of which every answer is an error breaks any limit of latency."""
    done = project.gonogo(
        "load", serve("broken"), "--rate", "100", "--duration", "2s", "--timeout", "60s", "--expect", "p99 < 30s"
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "NO-GO")


def test_too_few_requests_for_a_percentile_exit_with_3(project: Project, serve: Serve) -> None:
    """100 requests cannot show what 1 % of them do, however fast they were."""
    done = project.gonogo(
        "load", serve("sound"), "--rate", "100", "--duration", "1s", "--timeout", "60s", "--expect", "p99 < 30s"
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (3, "INCONCLUSIVE")
    assert "would decide" in done.stdout


def test_a_dead_server_is_no_go(project: Project) -> None:
    """Every request is refused; each is a row, and none is a success."""
    done = project.gonogo(
        "load", "http://127.0.0.1:9", "--rate", "100", "--duration", "1s", "--expect", "success > 50%",
        "--timeout", "60s", "--expect", "p99 < 30s",
        "--out", "run",
    )  # fmt: skip
    assert done.returncode == 1
    assert "refused: 100" in done.stdout
    assert _rows(project.folder / "run") == 100


def test_a_rate_that_no_generator_can_send_is_invalid_and_kept(project: Project, serve: Serve) -> None:
    """The run is INVALID, the service is not blamed, and every due request has its row."""
    project.write("pyproject.toml", "[tool.gonogo]\nremeasure = 0\n")
    done = project.gonogo(
        "load", serve("sound"), "--rate", "1000000", "--duration", "1s", "--timeout", "2s",
        "--expect", "success >= 99%", "--out", "run",
    )  # fmt: skip
    assert done.returncode == 3, done.stdout + done.stderr
    assert "INVALID: " in done.stdout
    summary = json.loads((project.folder / "run/summary.json").read_text(encoding="utf-8"))
    assert (summary["valid"], summary["due"]) == (False, 1_000_000)
    assert _rows(project.folder / "run") == 1_000_000


def test_a_decided_load_says_that_it_stopped_early(project: Project, serve: Serve) -> None:
    """A p99 that is far off ends the load long before its time; the summary and the terminal say so."""
    done = project.gonogo(
        "load",
        serve("broken"),
        "--rate",
        "100",
        "--duration",
        "40s",
        "--timeout",
        "60s",
        "--expect",
        "p99 < 30s",
        "--out",
        "run",
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "stopped early: decided after " in done.stdout
    facts = json.loads((project.folder / "run/summary.json").read_text(encoding="utf-8"))["facts"]
    assert (facts["cut_short"], facts["anytime"]) == ("", True)
    assert _rows(project.folder / "run") < 4000


def test_a_load_that_waited_for_its_few_connections_says_so(project: Project, serve: Serve) -> None:
    """Two connections are not enough for a service that takes a third of a second: who asked for two is told."""
    done = project.gonogo(
        "load", serve("slow"), "--rate", "50", "--duration", "2s", "--timeout", "60s", "--connections", "2"
    )
    assert "waited for one of the 2 connections allowed" in done.stdout, done.stdout + done.stderr


def test_json_is_one_object_with_summary_and_verdicts(project: Project, serve: Serve) -> None:
    """Standard output is JSON and nothing else; it has every key of the summary."""
    done = project.gonogo(
        "load",
        serve("sound"),
        "--rate",
        "300",
        "--duration",
        "2s",
        "--timeout",
        "60s",
        "--expect",
        "p99 < 30s",
        "--json",
    )
    answer = json.loads(done.stdout)
    assert answer.keys() >= SUMMARY_KEYS
    assert answer["verdict"] == "GO"
    assert answer["criteria"][0]["expression"] == "p99 < 30s"


def test_judge_judges_the_kept_rows_again(project: Project, serve: Serve) -> None:
    """Other criteria on the same rows need no new load."""
    project.gonogo(
        "load",
        serve("slow"),
        "--rate",
        "200",
        "--duration",
        "3s",
        "--timeout",
        "60s",
        "--expect",
        "p99 < 30s",
        "--out",
        "run",
    )
    assert project.gonogo("judge", "run", "--expect", "p50 < 30s").returncode == 0
    assert project.gonogo("judge", "run/requests.parquet", "--expect", "p50 < 100ms").returncode == 1


def test_a_target_file_mixes_targets_and_reads_bodies(project: Project, serve: Serve) -> None:
    """Methods, headers and @ files are read as in patterns that load testers know."""
    url = serve("sound")
    project.write("body.json", '{"data": [[1, 2, 3, 4]]}')
    project.write(
        "targets.txt", f"GET {url}/health\n\nPOST {url}/predict\nContent-Type: application/json\n@body.json\n"
    )
    done = project.gonogo("load", "--targets", "targets.txt", "--rate", "100", "--duration", "1s", "--out", "run")
    assert done.returncode in (0, 3), done.stderr  # 3: a busy machine made the generator late
    rows = _query("select target, count(*) from requests group by 1 order by 1", project.folder / "run")
    assert rows == [("GET /health", 50), ("POST /predict", 50)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["load"], ["URL"]),
        (["load", "127.0.0.1:8000"], ["absolute URL"]),
        (["load", "http://127.0.0.1:9", "--rate", "fast"], ["fast", "rate"]),
        (["load", "http://127.0.0.1:9", "--duration", "10"], ["10", "unit"]),
        (["load", "http://127.0.0.1:9", "--expect", "p99 < 50"], ["p99 < 50", "50ms"]),
        (["load", "http://127.0.0.1:9", "--expect", "p98ish < 1s"], ["p98ish"]),
        (["load", "http://127.0.0.1:9", "--header", "no colon"], ["no colon"]),
        (["load", "http://127.0.0.1:9", "--body", "@missing.json"], ["missing.json"]),
        (["load", "http://127.0.0.1:9", "--out", "pyproject.toml/x"], ["pyproject.toml/x"]),
        (["load", "http://192.0.2.1/"], ["192.0.2.1", "allow_hosts"]),
        (["load", "--targets", "missing.txt"], ["missing.txt"]),
        (["judge", "missing", "--expect", "p99 < 1s"], ["missing"]),
        (["judge", "pyproject.toml", "--expect", "p99 < 1s"], ["pyproject.toml"]),
        (["verdict", "missing"], ["missing"]),
        (["report", "missing", "--out", "x.html"], ["missing"]),
        (["check", "missing"], ["missing"]),
        (["up", "missing"], ["missing"]),
        (["load", "http://127.0.0.1:9", "--nonsense"], ["--nonsense"]),
    ],
)
def test_bad_input_is_one_clear_message_and_2(project: Project, arguments: list[str], words: list[str]) -> None:
    """What was given stands in the message, and there is no traceback."""
    done = project.gonogo(*arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


def test_a_bad_line_of_a_target_file_is_named_with_its_number(project: Project) -> None:
    """Where it stands, what it says, how to mend it."""
    project.write("targets.txt", "GET http://127.0.0.1:9/\n\nFETCH\n")
    done = project.gonogo("load", "--targets", "targets.txt")
    assert done.returncode == 2
    assert "targets.txt:3" in done.stderr


def test_a_host_that_does_not_resolve_is_told_as_such(project: Project) -> None:
    """The requests fail with the kind dns, and the criterion is NO-GO."""
    project.write("pyproject.toml", '[tool.gonogo]\nallow_hosts = ["nowhere.invalid"]\n')
    done = project.gonogo(
        "load", "http://nowhere.invalid/", "--rate", "50", "--duration", "1s", "--expect", "success > 50%"
    )
    assert done.returncode == 1, done.stderr
    assert "dns: 50" in done.stdout


def test_two_loads_at_once_are_refused(project: Project) -> None:
    """The message names the process that holds the machine."""
    project.write("pyproject.toml", "[tool.gonogo]\nload_wait = 0\n")
    with exclusive_load(project.temporary):
        done = project.gonogo("load", "http://127.0.0.1:9", "--duration", "1s")
    assert done.returncode == 2
    assert f"process {os.getpid()}" in done.stderr


@contextmanager
def _counting(wanted: int = 50) -> Iterator[tuple[str, threading.Event]]:
    """Serve, and tell when so many requests have been answered."""
    enough, count = threading.Event(), itertools.count(1)

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(204)
            self.end_headers()
            if next(count) >= wanted:
                enough.set()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", enough
        finally:
            server.shutdown()
            thread.join()


def test_ctrl_c_keeps_what_was_measured(project: Project) -> None:
    """The rows so far are stored, the summary says why it is short, and the outcome is not GO."""
    program = str(Path(sys.executable).parent / "gonogo")
    with (
        _counting() as (url, enough),
        subprocess.Popen(
            [
                program,
                "load",
                url,
                "--rate",
                "100",
                "--duration",
                "60s",
                "--expect",
                "success > 50%",
                "--out",
                "run",
            ],
            cwd=project.folder,
            env=project.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as load,
    ):
        assert enough.wait(30)
        load.send_signal(signal.SIGINT)
        output, _ = load.communicate(timeout=30)
    assert load.returncode == 3
    assert "cut short: " in output
    assert 0 < _rows(project.folder / "run") < 6000
