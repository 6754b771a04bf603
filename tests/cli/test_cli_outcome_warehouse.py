"""``gonogo outcome --warehouse`` and ``gonogo query`` on Parquet files: judged without the runs that made them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from typer.testing import CliRunner

from gonogo.capture.reading import Reading
from gonogo.capture.record import Body, Captured
from gonogo.capture.warehouse import Origin, store
from gonogo.cli import app

USERS = 2000
START = datetime(2026, 3, 1, tzinfo=UTC)
SQL = "select model, count(*) as n from captures group by model order by model"
CLICKS = "outcome.difference[click: rf vs svc] >= -5%"


def warehouse(folder: Path) -> Path:
    """Two days of captures of 2,000 users, each at one of two models, and the folder that they are in."""
    for day in range(2):
        captures = []
        for number in range(day * USERS // 2, (day + 1) * USERS // 2):
            said = json.dumps({"prediction": ["a"], "mode": ("svc", "rf")[number % 2]}).encode()
            began_s = (START + timedelta(days=day, seconds=number)).timestamp()
            user = {"user_id": f"user-{number}"}
            captures.append(
                Captured("127.0.0.1:1", f"r{number}", began_s, 0.01, 200, answer=Body(said, len(said)), headers=user)
            )
        origins = {"127.0.0.1:1": Origin(side="live")}
        asked = {one.request_id: "shop/model" for one in captures}
        store(folder / f"day-{day}.parquet", f"day-{day}", captures, origins, {"shop/model": Reading()}, asked)
    return folder


def events(file: Path, *, days: int = 7) -> Path:
    """Every second user of each model clicks ``days`` after the start."""
    at = (START + timedelta(days=days)).isoformat()
    told = [{"event": "click", "at": at, "user": f"user-{number}"} for number in range(USERS) if number // 2 % 2]
    file.write_text("".join(json.dumps(one) + "\n" for one in told))
    return file


def gonogo(*words: str) -> tuple[int, str]:
    """Run the command line and return its status and output."""
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.output


def test_events_are_joined_to_parquet_files(tmp_path: Path) -> None:
    """Users' clicks are compared between the models that the captures name."""
    folder = warehouse(tmp_path / "kept")
    file = events(tmp_path / "events.jsonl")
    status, output = gonogo("outcome", str(file), "--warehouse", str(folder), "--expect", CLICKS)
    assert (status, output.splitlines()[0], output.splitlines()[-1]) == (0, "1000 events kept", "GO"), output
    assert (folder / "outcomes.jsonl").is_file()


def test_the_least_period_counts_from_the_first_request(tmp_path: Path) -> None:
    """A week has not been observed before the last event or request is a week after the first."""
    folder = warehouse(tmp_path / "kept")
    gonogo("outcome", str(events(tmp_path / "events.jsonl")), "--warehouse", str(folder))
    judged = ("outcome", "--warehouse", str(folder), "--expect", CLICKS, "--min-period")
    assert gonogo(*judged, "7d")[0] == 0
    status, output = gonogo(*judged, "8d")
    assert (status, "7 d of the 8 d that must be observed" in output) == (3, True), output


def test_single_files_are_a_warehouse(tmp_path: Path) -> None:
    """Several are given one by one."""
    folder = warehouse(tmp_path / "kept")
    file = events(folder / "outcomes.jsonl")
    files = [word for day in range(2) for word in ("--warehouse", str(folder / f"day-{day}.parquet"))]
    status, output = gonogo("outcome", *files, "--expect", CLICKS)
    assert (file.is_file(), status) == (True, 0), output


def test_a_run_and_a_warehouse_are_one_too_many(tmp_path: Path) -> None:
    """Bad input is one message, and the status says so."""
    words = ("--run", str(tmp_path), "--warehouse", str(tmp_path), "--expect", CLICKS)
    status, _ = gonogo("outcome", *words)
    assert status == 2


def test_a_query_reads_parquet_files(tmp_path: Path) -> None:
    """Without the judgment that they came from."""
    status, output = gonogo("query", str(warehouse(tmp_path / "kept")), SQL, "--json")
    assert (status, output) == (0, '{"model": "rf", "n": 1000}\n{"model": "svc", "n": 1000}\n')
