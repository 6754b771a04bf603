"""Certification: whether the generator kept its schedule well enough for the service to be judged by the run."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from gonogo.runs.run import ERRORS, Columns, WorkerFacts
from gonogo.units import format_count, format_duration, format_share, ms

__all__ = [
    "LARGEST_STARVED_SHARE",
    "LARGEST_UNSENT_SHARE",
    "LEAST_LAG_LIMIT_S",
    "certify",
    "crowded",
    "lag_limit",
    "starved",
]

LARGEST_UNSENT_SHARE = 0.001
"""More due requests than this, unsent by the generator's fault, make a run INVALID."""

LEAST_LAG_LIMIT_S = 1 * ms
"""A lag p99 up to this never makes a run INVALID."""

LARGEST_STARVED_SHARE = 0.01
"""A worker that had work and no CPU for more of the run's time than this makes it INVALID: what came meanwhile was read
late, which no lag tells."""

_LAG_SHARE = 0.05
_QUANTILE = 0.99
_STRETCHES = 50
_UNSENT = ERRORS.index("unsent")


def lag_limit(tightest_limit_s: float | None) -> float:
    """Return the largest lag p99 in seconds of a valid run: 1 ms, or 5 % of the tightest latency limit if larger."""
    return max(LEAST_LAG_LIMIT_S, _LAG_SHARE * tightest_limit_s) if tightest_limit_s else LEAST_LAG_LIMIT_S


def certify(
    columns: Columns, *, rate: float | None, tightest_limit_s: float | None = None, changing: bool = False
) -> tuple[bool, str]:
    """Return whether the run is valid, and if not, what the generator failed in, with figures.

    Args:
        columns: the measured requests, without the warm-up.
        rate: requests per second asked for; a closed loop (None) has no schedule to be late for.
        tightest_limit_s: the tightest latency limit in seconds that the run shall decide; None without one.
        changing: the rate changed during the run; it is then told at which rate the generator became the limit.
    """
    due = len(columns)
    if due == 0:
        return False, "no request was due before the run ended"
    unsent = int(np.count_nonzero(columns.error == _UNSENT))
    if unsent > LARGEST_UNSENT_SHARE * due:
        return False, (
            f"the generator did not send {format_count(unsent)} of {format_count(due)} due requests "
            f"({format_share(unsent / due)}; at most {format_share(LARGEST_UNSENT_SHARE)} is allowed)"
            f"{_advice(rate, columns, lag_limit(tightest_limit_s), changing=changing)}"
        )
    if rate is None:
        return True, ""
    lag = _beyond_waits(columns)[np.isfinite(columns.sent_s)]
    if len(lag) == 0:
        return True, ""
    place = math.ceil(_QUANTILE * len(lag)) - 1
    p99 = float(np.partition(lag, place)[place])
    limit = lag_limit(tightest_limit_s)
    if p99 > limit:
        return False, (
            f"the generator sent late: lag p99 is {format_duration(p99)}{_besides(columns)}, "
            f"at most {format_duration(limit)} is allowed"
            f"{_advice(rate, columns, limit, changing=changing)}"
        )
    return True, ""


def starved(worker: WorkerFacts) -> str:
    """Return why a run with this worker is INVALID by the worker's lack of CPU, with figures; empty when it is not."""
    if worker.starved_s is None or worker.watched_s is None:
        return ""
    if worker.starved_s <= LARGEST_STARVED_SHARE * worker.watched_s:
        return ""
    had = "" if worker.cpu is None else f" with its {worker.cpu:g} {'core' if worker.cpu == 1 else 'cores'}"
    own = f", of which its own limit accounts for {format_duration(worker.throttled_s)}" if worker.throttled_s else ""
    return (
        f"the generator had work and no CPU{had} for {format_duration(worker.starved_s)} of "
        f"{format_duration(worker.watched_s)}{own} ({worker.place}; at most "
        f"{format_share(LARGEST_STARVED_SHARE)} is allowed); "
        "give its Pod more CPU, have more workers, or lower the rate"
    )


def crowded(columns: Columns, connections: int) -> str:
    """Return that requests waited since the plan allows no more connections, with figures; empty when few did.

    That is no fault of the generator: as many users as wait would have waited. Whoever allowed too few connections by
    mistake learns here why latencies are what they are.

    Args:
        columns: the measured requests.
        connections: the most that the plan allows.
    """
    waited = columns.queued_s > LEAST_LAG_LIMIT_S
    count = int(np.count_nonzero(waited))
    if (
        count <= (1 - _QUANTILE) * len(columns)
        or len(np.unique(columns.connection[columns.connection >= 0])) < connections
    ):
        return ""
    longest, median = float(columns.queued_s.max()), float(np.median(columns.queued_s[waited]))
    return (
        f"{format_count(count)} of {format_count(len(columns))} requests waited for one of the {connections} "
        f"connections allowed, {format_duration(median)} in the middle and {format_duration(longest)} at most: this is "
        "in their latency, as the service was too slow to give connections back; connections= allows more"
    )


def _beyond_waits(columns: Columns) -> npt.NDArray[np.float64]:
    """Return the lag beyond a twentieth of the wait for a connection.

    A service that is overloaded has requests wait for seconds. What the engine took in these seconds to read and send
    is in the wait, and changes a latency of so long by that share at most.
    """
    lag: npt.NDArray[np.float64] = columns.lag_s - _LAG_SHARE * columns.queued_s
    return lag


def _besides(columns: Columns) -> str:
    if not float(columns.queued_s.max()) > LEAST_LAG_LIMIT_S:
        return ""
    return f" beside {format_share(_LAG_SHARE)} of the waits for a connection"


def _advice(rate: float | None, columns: Columns, limit_s: float, *, changing: bool) -> str:
    if rate is None:
        return ""
    if not changing:
        return f"; lower the rate of {rate:g}/s, or give the generator a CPU of its own"
    at = _rate_of_trouble(columns, limit_s)
    where = (
        "" if at is None else f"; it became the limit at about {at[0]:,.0f}/s, {format_duration(at[1])} into the run"
    )
    return f"{where}; keep the rate below that, or give the generator a CPU of its own"


def _rate_of_trouble(columns: Columns, limit_s: float) -> tuple[float, float] | None:
    """Return the rate and the time at which the generator first fell behind for a fiftieth of the run."""
    begin_s, span_s = float(columns.due_s[0]), float(columns.due_s[-1] - columns.due_s[0])
    if span_s <= 0:
        return None
    edges = begin_s + span_s * np.arange(_STRETCHES + 1) / _STRETCHES
    places = np.searchsorted(columns.due_s, edges)
    lag = _beyond_waits(columns)
    for first, last, at_s in zip(places, places[1:], edges, strict=False):
        known = lag[first:last][np.isfinite(lag[first:last])]
        unsent = int(np.count_nonzero(columns.error[first:last] == _UNSENT))
        late = len(known) > 0 and float(np.quantile(known, _QUANTILE, method="inverted_cdf")) > limit_s
        if late or unsent > LARGEST_UNSENT_SHARE * (last - first):
            return (last - first) * _STRETCHES / span_s, at_s - begin_s
    return None
