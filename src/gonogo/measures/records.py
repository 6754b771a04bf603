"""The sidecar's access records beside the requests of a run: which there are, and whether they suffice to judge by."""

from __future__ import annotations

from typing import Final

import numpy as np

from gonogo.measures.rows import BoolArray
from gonogo.runs.run import Columns, Run
from gonogo.units import format_count, format_share
from gonogo.verdicts.evidence import Missing

__all__ = ["has_records", "missing_records", "recorded", "rejected"]

_ENOUGH: Final = 0.999
_FLAGS: Final = "sidecar_flags"
_BREAKER: Final = "UO"


def has_records(columns: Columns) -> bool:
    """Return whether the requests went through a sidecar that keeps records."""
    return _FLAGS in columns.extracted


def recorded(columns: Columns) -> BoolArray:
    """Return which requests have a record."""
    if not has_records(columns):
        return np.zeros(len(columns), np.bool_)
    return np.array([flags is not None for flags in columns.extracted[_FLAGS]], dtype=np.bool_)


def rejected(columns: Columns) -> BoolArray:
    """Return which requests the breaker turned away, by their records."""
    if not has_records(columns):
        return np.zeros(len(columns), np.bool_)
    # Few different texts stand in many rows: each is looked at once.
    breaker: dict[str | None, bool] = {None: False}
    for flags in columns.extracted[_FLAGS]:
        if flags not in breaker:
            breaker[flags] = _BREAKER in str(flags).split(",")
    return np.array([breaker[flags] for flags in columns.extracted[_FLAGS]], dtype=np.bool_)


def missing_records(run: Run, noun: str, unit: str) -> Missing | None:
    """Return why records do not suffice to judge by; None when they do.

    Of the requests that were sent, 99.9 % must have a record.
    """
    columns = run.columns
    if not has_records(columns):
        why = "the requests did not go through a sidecar of gonogo's, so nobody recorded who answered them"
        return Missing(noun, why, 0, unit)
    sent = np.isfinite(columns.sent_s)
    known, all_sent = int(np.count_nonzero(sent & recorded(columns))), int(np.count_nonzero(sent))
    if all_sent and known / all_sent >= _ENOUGH:
        return None
    share = format_share(known / all_sent) if all_sent else "none"
    why = f"the sidecar's records of {share} of {format_count(all_sent)} requests were found, and 99.9 % are needed"
    return Missing(noun, why, known, unit)
