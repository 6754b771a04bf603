"""Requests that were observed and not sent by gonogo, as the columns of a run."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from gonogo.runs.run import Columns

__all__ = ["observed"]


def observed(
    due_s: npt.NDArray[np.float64],
    latency_s: npt.NDArray[np.float64],
    status: npt.NDArray[np.int16],
    success: npt.NDArray[np.bool_],
    extracted: Mapping[str, npt.NDArray[np.object_]],
    *,
    target: npt.NDArray[np.int16] | None = None,
) -> Columns:
    """Return the columns of requests of which it is known when they came and what they got.

    Args:
        due_s: float64[n]; when they came, from the first on.
        latency_s: float64[n]; NaN where it is not known.
        status: int16[n]; 0 without one.
        success: bool[n].
        extracted: further columns.
        target: int16[n]; all the first when None.
    """
    count = len(due_s)
    return Columns(
        due_s=due_s,
        queued_s=np.zeros(count),
        sent_s=due_s,
        first_byte_s=due_s + latency_s,
        done_s=due_s + latency_s,
        status=status,
        error=np.zeros(count, np.int8),
        success=success,
        bytes_in=np.zeros(count, np.int64),
        bytes_out=np.zeros(count, np.int64),
        connection=np.full(count, -1, np.int32),
        target=np.zeros(count, np.int16) if target is None else target,
        extracted=extracted,
    )
