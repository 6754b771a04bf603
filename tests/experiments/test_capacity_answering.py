"""What is said of a service that answers nothing with success."""

from __future__ import annotations

import numpy as np
import pytest

from gonogo.experiments.capacity.answering import nothing_answers
from gonogo.load.target import Target
from gonogo.runs.run import ERRORS, Columns

TARGET = Target.build("GET", "http://user:secret@127.0.0.1:8000/predict?token=secret")


def answered(*ends: str | int) -> Columns:
    """Return requests that ended so: a kind of failure, or a status."""
    count = len(ends)
    at_s = np.arange(count, dtype=np.float64)
    return Columns(
        due_s=at_s,
        queued_s=np.zeros(count),
        sent_s=at_s,
        first_byte_s=at_s,
        done_s=at_s,
        status=np.array([end if isinstance(end, int) else 0 for end in ends], np.int16),
        error=np.array([0 if isinstance(end, int) else ERRORS.index(end) for end in ends], np.int8),
        success=np.array([end == 200 for end in ends], np.bool_),
        bytes_in=np.ones(count, np.int64),
        bytes_out=np.ones(count, np.int64),
        connection=np.zeros(count, np.int32),
        target=np.zeros(count, np.int16),
    )


@pytest.mark.parametrize(
    ("end", "mend"),
    [
        ("refused", "start the service"),
        ("tls", "use http://"),
        ("reset", "needs https://"),
        (400, "needs https://"),
        (401, "credentials"),
        (404, "mend the path"),
        (422, "mend the request"),
        (503, "see the service's log"),
    ],
)
def test_the_mend_is_that_of_the_failure(end: str | int, mend: str) -> None:
    """A person is told what to do about what was seen."""
    fault = nothing_answers([TARGET], answered(end))
    assert fault is not None
    assert mend in fault.mend


def test_the_most_frequent_failure_decides() -> None:
    """All are named; the mend is for the first."""
    fault = nothing_answers([TARGET], answered("timeout", 404, 404))
    assert fault is not None
    assert (fault.what, fault.mend) == ("nothing answered with success: status 404, timeout", "mend the path")


def test_one_success_is_enough() -> None:
    """A service that answers is searched for its capacity."""
    assert nothing_answers([TARGET], answered("refused", 200, 500)) is None


def test_no_secret_of_the_address_is_told() -> None:
    """Neither credentials nor a query."""
    fault = nothing_answers([TARGET], answered(404))
    assert fault is not None
    assert "secret" not in str(fault)
