"""Warehouses as tables and as the live traffic of a run, from judgments, folders and files."""

import json
from pathlib import Path

import duckdb
import numpy as np
import pytest

from gonogo.capture.live_traffic import live_traffic, refuse_repeated
from gonogo.capture.reading import Reading
from gonogo.capture.record import Body, Captured
from gonogo.capture.tables import query, sources
from gonogo.capture.warehouse import FOLDER, Origin, store
from gonogo.errors import UsageError
from gonogo.runs.outcome import OutcomeEvent

CURRENT, CANDIDATE = "127.0.0.1:1", "127.0.0.1:2"
AT = "2025-01-31T09:30:00Z"


def one(name: str, *, at_s: float = 0.0, replica: str = CURRENT, status: int = 200, user: str = "u") -> Captured:
    """Return a captured request."""
    said = json.dumps({"prediction": ["a"], "mode": replica}).encode()
    answer = Body(said, len(said))
    return Captured(
        *(replica, name, 1000.0 + at_s, 0.01, status),
        method="POST",
        path="/predict",
        answer=answer,
        headers={"user_id": user},
    )


def kept(file: Path, *captures: Captured, sides: tuple[str, str] = ("live", "live"), asked: str = "shop/model") -> Path:
    """Store captures of one run and return the file."""
    origins = {CURRENT: Origin(side=sides[0], subset="svc"), CANDIDATE: Origin(side=sides[1], subset="rf")}
    store(file, file.stem, captures, origins, {asked: Reading()}, {each.request_id: asked for each in captures})
    return file


def test_a_judgment_a_folder_and_a_file_are_sources(tmp_path: Path) -> None:
    """Days that were put together in one folder are one table, each row with its run."""
    judged = kept(tmp_path / "judgment" / FOLDER / "monday.parquet", one("a"))
    other = kept(tmp_path / "days" / "march" / "tuesday.parquet", one("b"))
    assert sources([tmp_path / "judgment"]).captures == (judged,)
    assert sources([tmp_path / "days"]).captures == (other,)
    both = query([tmp_path / "judgment", other], "select run, request_id from captures order by run")
    assert both.rows == (("monday", "a"), ("tuesday", "b"))


def test_a_file_of_a_run_s_requests_is_the_other_table(tmp_path: Path) -> None:
    """By its name."""
    file = tmp_path / "requests.parquet"
    file.touch()
    assert sources([file]).requests == (file,)


def test_nothing_to_read_is_one_message(tmp_path: Path) -> None:
    """It names the path and says what to give."""
    with pytest.raises(UsageError, match="neither a captured answer nor a run"):
        sources([tmp_path])


def test_live_traffic_is_a_run(tmp_path: Path) -> None:
    """Users, models and times are those of the answers that clients got; copies are left out."""
    captures = [one("a"), one("b", at_s=2.0, user="v", status=500), one("a", at_s=0.1, replica=CANDIDATE)]
    run = live_traffic([kept(tmp_path / "x.parquet", *captures, sides=("live", "shadow"))])
    assert list(run.columns.extracted["user"]) == ["u", "v"]
    assert list(run.columns.extracted["mode"]) == [CURRENT, CURRENT]
    assert list(run.columns.success) == [True, False]
    assert list(run.columns.due_s) == [0.0, 2.0]
    assert np.allclose(run.columns.latency_s, 0.01)
    assert (run.facts.targets, run.facts.started_at) == (("POST /predict",), "1970-01-01T00:16:40.000+00:00")


def test_of_a_request_that_was_tried_again_the_last_answer_counts(tmp_path: Path) -> None:
    """It is what the client got."""
    captures = [one("a", status=503), one("a", at_s=0.5, replica=CANDIDATE)]
    run = live_traffic([kept(tmp_path / "x.parquet", *captures)])
    assert list(run.columns.extracted["mode"]) == [CANDIDATE]


def test_of_a_model_mirrored_to_itself_the_first_answer_counts(tmp_path: Path) -> None:
    """The second is the copy's."""
    captures = [one("a"), one("a", at_s=0.5, status=500)]
    run = live_traffic([kept(tmp_path / "x.parquet", *captures, sides=("both", "both"))])
    assert list(run.columns.status) == [200]


def test_one_of_several_services_must_be_named(tmp_path: Path) -> None:
    """Their users and models are not to be mixed."""
    files = [kept(tmp_path / f"{name}.parquet", one(name), asked=f"shop/{name}") for name in ("a", "b")]
    with pytest.raises(UsageError, match="--service: shop/a, shop/b"):
        live_traffic(files)
    assert list(live_traffic(files, service="b").columns.extracted["request_id"]) == ["b"]


def test_an_event_of_an_id_that_several_requests_have_is_refused(tmp_path: Path) -> None:
    """Two runs of one seed have the same ids; an event by user is clear."""
    run = live_traffic([kept(tmp_path / f"{name}.parquet", one("a")) for name in ("x", "y")])
    assert len(run.columns) == 2
    refuse_repeated(run, [OutcomeEvent("click", AT, user="u")])
    with pytest.raises(UsageError, match="its own seed"):
        refuse_repeated(run, [OutcomeEvent("click", AT, request_id="a")])


def test_files_that_are_no_captures_are_refused(tmp_path: Path) -> None:
    """By the first column that they lack."""
    file = tmp_path / "x.parquet"
    query_file = kept(tmp_path / "good.parquet", one("a"))
    duckdb.read_parquet(str(query_file)).project("request_id").write_parquet(str(file))
    with pytest.raises(UsageError, match="no column 'run'"):
        live_traffic([file])
