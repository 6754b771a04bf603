"""The warehouse: what is stored can be asked for, and nothing else."""

from pathlib import Path

import pytest

from gonogo.capture.reading import Reading
from gonogo.capture.record import Body, Captured
from gonogo.capture.tables import query
from gonogo.capture.warehouse import FOLDER, Origin, store
from gonogo.errors import UsageError

ANSWER = b'{"prediction": [[0.9, 0.1]], "mode": "iris_rf.onnx"}'
ONE = Captured(
    replica="127.0.0.1:1",
    request_id="r1",
    began_s=10.0,
    latency_s=0.002,
    status=200,
    method="POST",
    path="/predict",
    request=Body(b"\xff\x00", 2),
    answer=Body(ANSWER, len(ANSWER)),
    headers={"user_id": "7"},
)
HANGING = Captured("127.0.0.1:2", "r1", 10.1)
ORIGINS = {
    "127.0.0.1:1": Origin("shop/model", "svc", "live", "shop/svc", "shop/svc/0"),
    "127.0.0.1:2": Origin("shop/model", "rf", "shadow", "shop/rf", "shop/rf/0"),
}

READINGS = {"shop/model": Reading()}


@pytest.fixture
def judgment(tmp_path: Path) -> Path:
    """A judgment's folder with one run's captures."""
    store(tmp_path / FOLDER / "run.parquet", "run", [ONE, HANGING], ORIGINS, READINGS, {})
    return tmp_path


def test_both_sides_are_joined_by_request(judgment: Path) -> None:
    """One row for each request at each replica, with its side."""
    statement = (
        "select l.user_id, l.model, l.answer->>'$.prediction[0][0]', s.status, s.model from captures l "
        "join captures s using (run, request_id) where l.side = 'live' and s.side = 'shadow'"
    )
    assert query([judgment], statement).rows == (("7", "iris_rf.onnx", "0.9", None, "shop/rf"),)


def test_parameters_are_values(judgment: Path) -> None:
    """A parameter is no part of the statement."""
    assert query([judgment], "select count(*) from captures where request_id = ?", ["r1"]).rows == ((2,),)


def test_a_body_that_is_no_text_is_kept(judgment: Path) -> None:
    """It stands there in base64."""
    assert query([judgment], "select input, input_bytes from captures where side = 'live'").rows == (
        ("base64:/wA=", 2),
    )


@pytest.mark.parametrize(
    "statement", ["select * from read_csv('/etc/hostname')", "copy captures to '/tmp/stolen.csv'", "attach '/tmp/x.db'"]
)
def test_a_query_reaches_nothing_but_its_tables(judgment: Path, statement: str) -> None:
    """Files are out of reach, and the message names the tables."""
    with pytest.raises(UsageError, match="captures"):
        query([judgment], statement)


def test_a_folder_without_a_judgment_is_one_message(tmp_path: Path) -> None:
    """Nothing to ask is said before anything is asked."""
    with pytest.raises(UsageError, match="neither a captured answer nor a run"):
        query([tmp_path], "select 1")


def test_a_full_disk_is_one_message(tmp_path: Path) -> None:
    """The folder cannot be made where a file stands."""
    (tmp_path / FOLDER).write_text("")
    with pytest.raises(UsageError, match="cannot be stored"):
        store(tmp_path / FOLDER / "run.parquet", "run", [ONE], ORIGINS, READINGS, {})
