"""Plots: the small numbers that a run's drawings need, and their text for keeping them beside the run's rows."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Final

from pydantic import TypeAdapter, ValidationError

from gonogo.errors import UsageError
from gonogo.report.heat import Heat
from gonogo.report.portable import portable

__all__ = ["Plots", "Series", "dump_plots", "load_plots"]

Series = tuple[float, ...]
_SCHEMA: Final = "gonogo.plots/2"


@dataclass(frozen=True, slots=True)
class Plots:
    """What is drawn of a run: figures in time bins of equal length, and the latency at each percentile.

    Every series over time has one element a bin; NaN where the bin holds nothing to show.

    Attributes:
        t_s: middle of each bin, seconds from the run's start.
        due: requests per second that the schedule wanted.
        success: requests per second that succeeded, by the bin of their due time.
        outcomes: requests per second by what became of them: a status (``200``) or a kind of failure (``timeout``),
            each request in one of them.
        p50: median latency of the bin's answered requests in seconds.
        p90: the 90th percentile likewise.
        p99: the 99th percentile likewise.
        lag_p99: how late the generator was, seconds.
        levels: levels of 0 to below 1, rising, of the percentile curve.
        latency: the latency of all due requests at each of these levels, seconds; ``inf`` from where on they had no
            success.
        heat: latency by moment, as shades.
    """

    t_s: Series = ()
    due: Series = ()
    success: Series = ()
    outcomes: Mapping[str, Series] = field(default_factory=dict)
    p50: Series = ()
    p90: Series = ()
    p99: Series = ()
    lag_p99: Series = ()
    levels: Series = ()
    latency: Series = ()
    heat: Heat = field(default_factory=Heat)

    def __post_init__(self) -> None:
        bins = len(self.t_s)
        timed = [self.due, self.success, self.p50, self.p90, self.p99, self.lag_p99, *self.outcomes.values()]
        if any(len(series) != bins for series in timed) or len(self.levels) != len(self.latency):
            raise UsageError("series of plots differ in length", mend="delete plots.json, it is made anew")


_READER: Final = TypeAdapter(Plots)


def dump_plots(plots: Plots) -> str:
    """Return ``plots`` as strict JSON."""
    document = {"schema": _SCHEMA, **asdict(plots)}
    return json.dumps(portable(document), allow_nan=False, separators=(",", ":"))


def load_plots(text: str) -> Plots | None:
    """Return the plots that :func:`dump_plots` wrote; None when ``text`` is something else, to make them anew."""
    try:
        document = json.loads(text)
        if not isinstance(document, dict) or document.pop("schema", None) != _SCHEMA:
            return None
        return _READER.validate_python(_with_nan(document))
    except (ValueError, ValidationError, UsageError):
        return None


def _with_nan(value: object) -> object:
    if isinstance(value, dict):
        return {key: _with_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(_with_nan(item) for item in value)
    return math.nan if value is None else value
