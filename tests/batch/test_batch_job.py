"""The job end to end: every due row predicted, as the online service would, within its range and limit."""

from __future__ import annotations

import os
import signal
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from fixtures.batch_tables import Job, Table
from gonogo_services.batch.errors import UNFINISHED
from gonogo_services.batch.sample_rows import sample_values
from gonogo_services.batch.stop import Stop
from gonogo_services.errors import ModelError, SettingsError
from gonogo_services.iris.classifier import Classifier
from gonogo_services.model_file import ModelFile


def test_job_predicts_every_row_as_the_online_service_does(table: Table, job: Job, model: Path) -> None:
    """Each row gets, once, exactly the probabilities that the online service answers for it."""
    table.fill(1000)
    table.audited()
    ended = job(table.url, "--chunk", "300")
    classifier = Classifier(ModelFile.read(model))
    classifier.open()
    expected = classifier.probabilities(np.array(sample_values(1000), np.float32))
    found = table.predictions()
    np.testing.assert_allclose([found[row] for row in sorted(found)], expected, rtol=1e-6, atol=1e-9)
    assert ended.status == 0
    assert ended.summary["predicted"] == 1000
    assert ended.summary["left"] == 0
    assert set(Counter(row for row, _ in table.audit()).values()) == {1}


def test_job_leaves_predicted_rows_alone(table: Table, job: Job) -> None:
    """A second job has nothing to do and writes nothing."""
    table.fill(50)
    job(table.url)
    table.audited()
    assert job(table.url).summary["predicted"] == 0
    assert table.audit() == []


def test_job_does_the_rows_of_its_range_only(table: Table, job: Job) -> None:
    """Ids, dates and the limit bound what a job does."""
    table.fill(100)
    table.execute("UPDATE items SET created_datetime = '2020-01-01 00:00:00' WHERE id <= 30")
    job(table.url, "--first-id", "11", "--last-id", "40", "--created-from", "2021-01-01", "--limit", "7")
    assert [row for row, answer in table.predictions().items() if answer] == list(range(31, 38))


def test_job_reads_its_options_from_the_environment(sqlite_table: Table, job: Job) -> None:
    """BATCH_* variables stand for options, and the command line wins over them."""
    sqlite_table.fill(20)
    ended = job(sqlite_table.url, "--limit", "3", BATCH_LIMIT="9", BATCH_FIRST_ID="5")
    assert ended.summary["predicted"] == 3
    assert [row for row, answer in sqlite_table.predictions().items() if answer] == [5, 6, 7]


def test_an_indexed_job_does_every_row_whatever_its_index(sqlite_table: Table, job: Job) -> None:
    """Jobs of an Indexed Job begin at different rows and still leave none."""
    sqlite_table.fill(90)
    ended = job(sqlite_table.url, "--chunk", "7", JOB_COMPLETION_INDEX="2", JOB_COMPLETIONS="3")
    assert ended.summary["predicted"] == 90
    assert sqlite_table.unpredicted() == 0


def test_job_finishes_its_chunk_when_told_to_stop(
    sqlite_table: Table, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGTERM in a chunk: it is written, the next one is not begun, and the status says that rows are left."""
    sqlite_table.fill(100)
    stops: list[Stop] = []
    predict = Classifier.probabilities

    def listen(stop: Stop) -> Stop:
        stops.append(stop)
        return enter(stop)

    def interrupted(self: Classifier, rows: NDArray[np.float32]) -> list[list[float]]:
        if stops:
            os.kill(os.getpid(), signal.SIGTERM)
            assert stops[0].wait(30)
        return predict(self, rows)

    enter = Stop.__enter__
    monkeypatch.setattr(Stop, "__enter__", listen)
    monkeypatch.setattr(Classifier, "probabilities", interrupted)
    ended = job(sqlite_table.url, "--chunk", "10", "--lanes", "1")
    assert ended.status == UNFINISHED
    assert ended.summary["stopped"]
    assert sqlite_table.unpredicted() == 90


def test_job_names_the_model_that_is_missing(sqlite_table: Table, job: Job) -> None:
    """A missing model is said before the table is touched."""
    with pytest.raises(ModelError, match=r"/nowhere\.onnx does not exist"):
        job(sqlite_table.url, MODEL_FILEPATH="/nowhere.onnx")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--first-id", "9", "--last-id", "3"], "9 to 3 are no range"),
        (["--chunk", "0"], "--chunk 0 is out of range"),
        (["--never"], "by the policy leave only"),
        (["--deadline", "soon"], "'soon' is no moment"),
        (["--attempts", "0"], "0 attempts make no sense"),
    ],
)
def test_job_refuses_options_that_make_no_sense(sqlite_table: Table, job: Job, arguments: list[str], said: str) -> None:
    """An option that cannot be used is named with what is allowed."""
    with pytest.raises(SettingsError, match=said):
        job(sqlite_table.url, *arguments)
