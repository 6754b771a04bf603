"""The mirror's contract: each request copied once, no answer of the shadow at a client, no cost to clients."""

from __future__ import annotations

from typing import Final

import numpy as np

from gonogo.errors import UsageError
from gonogo.measures.rows import BoolArray, blocks
from gonogo.measures.sides import column, flags, mirrored, missing, missing_copies, numbers, unarrived
from gonogo.measures.times import values_of
from gonogo.runs.run import Run
from gonogo.units import format_count
from gonogo.verdicts.criterion import MeasureName
from gonogo.verdicts.evidence import Mean, Missing, Proportion

__all__ = ["copied", "cost", "leaked", "stray"]

_NOUNS: Final = {
    "mirror.once": "requests that were mirrored exactly once",
    "mirror.share": "requests that were mirrored",
    "mirror.repeated": "requests that were mirrored more than once",
}


def copied(run: Run, measure: MeasureName) -> Proportion | Missing:
    """Return how many of the requests due while copies were sent reached the shadow once, at all, or too often."""
    members = mirrored(run.columns)
    copies = numbers(run.columns, "copies")
    hits = {"mirror.once": copies == 1, "mirror.share": copies >= 1, "mirror.repeated": copies > 1}[measure.name]
    known = members & ~np.isnan(copies)
    absent = int((known & (copies == 0)).sum())
    if measure.name == "mirror.once" and absent and (why := unarrived(run)):
        return missing(measure, f"of {format_count(absent)} requests no copy was captured, and {why}", int(known.sum()))
    return missing_copies(run, measure, members) or _share(run, known & hits, known, _NOUNS[measure.name])


def leaked(run: Run, measure: MeasureName) -> Proportion | Missing:
    """Return how many clients got an answer of the shadow."""
    known = np.array([value is not None for value in column(run.columns, "leaked")], dtype=np.bool_)
    lost = missing_copies(run, measure, np.ones(len(run.columns), np.bool_))
    return lost or _share(run, flags(run.columns, "leaked"), known, "answers of the shadow at a client")


def stray(run: Run, measure: MeasureName) -> Proportion | Missing:
    """Return how many of the requests due while no copies were to be sent reached the shadow all the same."""
    members = np.array([value is False for value in column(run.columns, "mirror_on")], dtype=np.bool_)
    copies = numbers(run.columns, "copies")
    lost = missing_copies(run, measure, members)
    return lost or _share(run, copies > 0, members & ~np.isnan(copies), "copies after the mirror was stopped")


def cost(run: Run, measure: MeasureName) -> Mean:
    """Return how much longer clients wait while copies are sent: the difference within each pair of stretches.

    The load alternates between stretches without and with the mirror, so that what drifts is in both. Each pair gives
    one difference, of the mean latency (``mirror.cost``) or of a quantile (key ``p50`` to ``p99``). A request without
    a success counts with the timeout.

    Raises:
        UsageError: the key is no quantile.
    """
    stretch = numbers(run.columns, "mirror_stretch")
    state = np.array([-1 if value is None else int(value) for value in column(run.columns, "mirror_on")])
    latency, _ = values_of(run.columns, "")
    latency = np.minimum(latency, run.facts.timeout_s)
    level = _level(measure.key)
    differences, weights = [], []
    for first in range(0, int(np.nanmax(stretch, initial=0.0)), 2):
        pair = (stretch == first) | (stretch == first + 1)
        both = [latency[pair & (state == which)] for which in (1, 0)]
        if all(len(side) for side in both):
            figures = [float(side.mean() if level is None else np.quantile(side, level)) for side in both]
            differences.append(figures[0] - figures[1])
            weights.append(1.0)
    values = np.array(differences)
    what = f"{measure.key} latency" if measure.key else "mean latency"
    return Mean(
        values=values,
        weights=np.array(weights),
        observed=float(values.mean()) if len(values) else float("nan"),
        unit="s",
        n=int((state >= 0).sum()),
        noun=f"client's {what} with the mirror beyond that without",
    )


def _share(run: Run, hits: BoolArray, members: BoolArray, noun: str) -> Proportion:
    index, count, _ = blocks(run.columns)
    return Proportion(
        hits=np.bincount(index[hits & members], minlength=count).astype(np.int64),
        trials=np.bincount(index[members], minlength=count).astype(np.int64),
        noun=noun,
    )


def _level(key: str) -> float | None:
    if not key:
        return None
    try:
        level = float(key.removeprefix("p")) / 100
    except ValueError:
        level = 0.0
    if not key.startswith("p") or not 0 < level < 1:
        raise UsageError(f"{key!r} is no quantile", where="mirror.cost", mend="write as in mirror.cost[p95] <= 5ms")
    return level
