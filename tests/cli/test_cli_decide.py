"""``gonogo outcome`` and ``gonogo decide``: events in, decisions out, for people and for other controllers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from fixtures.runs import build_run
from gonogo.cli import app
from gonogo.runs.outcome import OUTCOMES
from gonogo.runs.store import save

GONOGO = str(Path(sys.executable).with_name("gonogo"))
CLICKS = "outcome.difference[click: rf vs svc] >= -5%"
EVENTS = {"event": "click", "at": "2025-01-08T00:00:00Z"}


def gonogo(*arguments: str) -> Result:
    """Run the command line."""
    return CliRunner().invoke(app, list(arguments))


@contextmanager
def serving(*arguments: str) -> Iterator[str]:
    """Serve at a free port while the block runs; yield what was announced."""
    with subprocess.Popen([GONOGO, *arguments, "--serve", "0"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip().rpartition(" ")[2]
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A kept run of 4,000 users, half of them at each model, that began with the year 2025."""
    user = np.arange(4000)
    modes = np.where(user % 2, "rf", "svc").astype(object)
    made = build_run(
        4000,
        extracted={"mode": modes, "user": user.astype(object)},
        facts={"started_at": "2025-01-01T00:00:00+00:00"},
    )
    save(made, tmp_path / "run")
    return tmp_path / "run"


def clicks(path: Path, *, every: int) -> Path:
    """Write that every ``every``-th pair of users clicked, both of them."""
    lines = [json.dumps({**EVENTS, "user": str(user)}) for user in range(4000) if user // 2 % every == 0]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_events_are_kept_and_judged_by_user(run: Path, tmp_path: Path) -> None:
    """A quarter of the users of both models click: no worse, GO."""
    done = gonogo("outcome", str(clicks(tmp_path / "events.jsonl", every=4)), "--run", str(run), "--expect", CLICKS)
    assert (done.exit_code, done.stdout.splitlines()[0]) == (0, "1000 events kept"), done.stderr
    assert done.stdout.splitlines()[-1] == "GO"


def test_nothing_is_decided_before_the_stated_period(run: Path, tmp_path: Path) -> None:
    """Seven days have passed, eight were asked for."""
    gonogo("outcome", str(clicks(tmp_path / "events.jsonl", every=4)), "--run", str(run))
    early = gonogo("outcome", "--run", str(run), "--expect", CLICKS, "--min-period", "8d")
    late = gonogo("outcome", "--run", str(run), "--expect", CLICKS, "--min-period", "7d")
    assert (early.exit_code, late.exit_code) == (3, 0)


def test_csv_is_read_as_well(run: Path, tmp_path: Path) -> None:
    """The first line names the fields."""
    file = tmp_path / "events.csv"
    file.write_text("event,at,user\nclick,2025-01-01T00:00:01Z,7\n")
    assert gonogo("outcome", str(file), "--run", str(run)).stdout == "1 events kept\n"


@pytest.mark.parametrize(
    "line",
    [
        "no json",
        "[1]",
        '{"event": "click"}',
        '{"event": "click", "at": "yesterday", "user": "1"}',
        '{"event": "click", "at": "2025-01-01T00:00:00", "user": "1"}',
        '{"event": "two words", "at": "2025-01-01T00:00:00Z", "user": "1"}',
        '{"event": "click", "at": "2025-01-01T00:00:00Z", "user": ["1"]}',
    ],
)
def test_a_line_that_is_no_event_is_refused_and_nothing_is_kept(run: Path, tmp_path: Path, line: str) -> None:
    """The message names the line; the events before it are not kept either."""
    file = tmp_path / "events.jsonl"
    file.write_text(json.dumps({**EVENTS, "user": "1"}) + "\n" + line + "\n")
    done = gonogo("outcome", str(file), "--run", str(run))
    assert (done.exit_code, (run / OUTCOMES).exists()) == (2, False)
    assert "events.jsonl:2" in done.stderr
    assert "Traceback" not in done.stderr


def test_events_come_over_http(run: Path) -> None:
    """A request's events are kept all or none, and what is none is told."""
    with serving("outcome", "--run", str(run)) as url, httpx.Client(trust_env=False) as client:
        assert client.post(url, json=[{**EVENTS, "user": 1}, {**EVENTS, "user": 2}]).json() == {"kept": 2}
        assert client.post(url, json=[{**EVENTS, "user": 1}, {"event": "click"}]).status_code == 400
        assert client.post(url, content=b"{").status_code == 400
        assert client.get(url).status_code == 404
        assert client.post(url, content=b"x" * (1 << 20) + b"x").status_code == 413
    assert len((run / OUTCOMES).read_text().splitlines()) == 2


def test_a_decision_is_an_exit_status_for_jobs(run: Path) -> None:
    """0 goes on, 1 goes back, 3 holds, and standard output says which."""
    good = gonogo("decide", str(run), "--expect", "success.difference[mode: rf vs svc] >= -1%")
    bad = gonogo("decide", str(run), "--expect", "p50 <= 1ms")
    open_ = gonogo("decide", str(run), "--expect", "p50 <= 1ms", "--min-period", "30d")
    nothing = gonogo("decide", str(run / "nowhere"), "--expect", "p50 <= 1ms")
    done = [good, bad, open_, nothing]
    assert [one.exit_code for one in done] == [0, 1, 3, 3]
    assert [json.loads(one.stdout)["decision"] for one in done] == ["step", "rollback", "hold", "hold"]


def test_decisions_are_served_to_other_controllers(run: Path) -> None:
    """The run is read anew for every decision: events that came meanwhile count."""
    with (
        serving("decide", str(run), "--expect", CLICKS.replace("-5%", "-10%")) as url,
        httpx.Client(trust_env=False) as client,
    ):
        base = url.removesuffix("/decision")
        before = client.get(url).json()
        clicks(run / OUTCOMES, every=4)
        after = client.get(url).json()
        hooks = [client.post(f"{base}/flagger/{hook}").status_code for hook in ("confirm", "rollback")]
    assert (before["decision"], after["decision"], hooks) == ("hold", "step", [200, 403])
