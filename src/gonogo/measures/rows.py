"""Which requests of a run a measure looks at, and the time block of each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from gonogo.errors import UsageError
from gonogo.runs.run import ERRORS, Columns, Run
from gonogo.verdicts.criterion import MeasureName

__all__ = ["BoolArray", "answered", "blocks", "failed_with", "of_target", "without"]

BoolArray = npt.NDArray[np.bool_]

_MOST_BLOCKS = 200


def blocks(columns: Columns) -> tuple[npt.NDArray[np.int64], int, float]:
    """Return the time block of each request by its due time, how many blocks there are, and their length in seconds.

    Blocks are of equal length, fine enough that verdicts can merge them and never more than there are requests.
    """
    n = len(columns)
    if n == 0:
        return np.zeros(0, np.int64), 0, 0.0
    start, span = float(columns.due_s[0]), float(columns.due_s[-1] - columns.due_s[0])
    if span <= 0:
        return np.zeros(n, np.int64), 1, 0.0
    count = min(_MOST_BLOCKS, n)
    index = np.minimum(((columns.due_s - start) * (count / span)).astype(np.int64), count - 1)
    return index, count, span / count


def of_target(run: Run, measure: MeasureName) -> BoolArray:
    """Return which requests the target in the measure's brackets got; all of them without one.

    Raises:
        UsageError: the run has no such target.
    """
    if not measure.key:
        return np.ones(len(run.columns), np.bool_)
    wanted = [index for index, name in enumerate(run.facts.targets) if name == measure.key]
    if not wanted:
        raise UsageError(
            f"no target is called {measure.key!r}",
            where=f"{measure} of the run {run.facts.name!r}",
            mend=f"it has {', '.join(map(repr, run.facts.targets)) or 'none'}",
        )
    return np.isin(run.columns.target, wanted)


def answered(columns: Columns) -> BoolArray:
    """Return which requests got a complete answer, right or wrong."""
    complete = (columns.error == ERRORS.index("")) | (columns.error == ERRORS.index("check"))
    return np.asarray(complete & (columns.status > 0) & np.isfinite(columns.done_s))


def failed_with(columns: Columns, kind: str) -> BoolArray:
    """Return which requests failed with ``kind`` of error."""
    return np.asarray(columns.error == ERRORS.index(kind))


def without(run: Run, unwanted: BoolArray) -> Run:
    """Return the run without some of its requests."""
    if not unwanted.any():
        return run
    return replace(run, columns=run.columns.where(~unwanted))
