"""Routing by header as a contract: every request with the header goes there, and none without it."""

from __future__ import annotations

from typing import Final

import numpy as np

from gonogo.errors import UsageError
from gonogo.measures.records import missing_records, recorded
from gonogo.measures.rows import BoolArray
from gonogo.runs.run import Columns, Run
from gonogo.verdicts.criterion import MeasureName
from gonogo.verdicts.evidence import Fact, Missing
from gonogo.verdicts.routing import read_routing

__all__ = ["routed"]

_COLUMN: Final = "header."
_NOUN: Final = "share of the requests that were routed as declared"


def routed(run: Run, measure: MeasureName) -> Fact | Missing:
    """Return the share of the recorded requests that are where they belong by their header.

    Raises:
        UsageError: no request of the run has the header.
    """
    routing = read_routing(measure.key)
    columns = run.columns
    if lacking := missing_records(run, _NOUN, "share"):
        return lacking
    sent = columns.extracted.get(_COLUMN + routing.header.lower())
    if sent is None:
        raise UsageError(
            f"no target of the run sends the header {routing.header!r}",
            where=f"{measure} of the run {run.facts.name!r}",
            mend=f"give a target headers={{{routing.header!r}: {routing.value!r}}}, and one without it",
        )
    known = recorded(columns)
    having = np.array([value == routing.value for value in sent], dtype=np.bool_)
    for group, who in ((known & having, "with"), (known & ~having, "without")):
        if not group.any():
            why = f"not one request {who} the header {routing.header}: {routing.value} was sent; send both kinds"
            return Missing(_NOUN, why, int(np.count_nonzero(known)), "share")
    right = known & (_arrived(columns, routing.to) == having)
    total = int(np.count_nonzero(known))
    noun = f"{_NOUN} (all with {routing.header}: {routing.value} to {routing.to}, no others)"
    return Fact(int(np.count_nonzero(right)) / total, total, "share", noun)


def _arrived(columns: Columns, to: str) -> BoolArray:
    """Return which requests went to the Service (``name`` or ``namespace/name``) or to the subset called ``to``."""
    services, subsets = columns.extracted["sidecar_service"], columns.extracted["sidecar_subset"]
    return np.array(
        [
            to in (service, subset) or str(service).rpartition("/")[2] == to
            for service, subset in zip(services, subsets, strict=True)
        ],
        dtype=np.bool_,
    )
