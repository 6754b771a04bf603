"""Resources over time: cores and memory of each replica, on the same time axis as the latencies."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from gonogo.gate.figure import figure
from gonogo.gate.judgment import ReplicaSeries
from gonogo.report.charts.grid import SIZE, over_time
from gonogo.report.plots import Plots
from gonogo.report.svg.element import Element, el, picture
from gonogo.report.svg.frame import EndLabel, Frame
from gonogo.report.svg.path import line

__all__ = ["MOST_REPLICAS", "cpu_chart", "memory_chart"]

MOST_REPLICAS = 8
"""So many replicas have a line each; the others are in the table."""

_SHOWN = 0.01
_MIB = 2**20


def cpu_chart(plots: Plots, series: Sequence[ReplicaSeries], name: str) -> Element:
    """Return the cores that each replica used, with its limit; where the limit held it back, the line is thick.

    Args:
        plots: the run's figures, for the time axis.
        series: of each replica.
        name: unique in the page.
    """
    return _chart(
        plots,
        [(one.replica, one.t_s, one.cpu, one.throttled, one.cpu_limit) for one in series],
        text=lambda value: figure(value, "count"),
        name=name,
        title="CPU of each replica, cores",
    )


def memory_chart(plots: Plots, series: Sequence[ReplicaSeries], name: str) -> Element:
    """Return the resident memory of each replica, with its limit."""
    rows: list[_Row] = [
        (one.replica, one.t_s, [size / _MIB for size in one.rss], (), one.rss_limit and one.rss_limit / _MIB)
        for one in series
    ]
    return _chart(plots, rows, text=lambda mib: f"{mib:.4g} MiB", name=name, title="Memory of each replica")


_Row = tuple[str, Sequence[float], Sequence[float], Sequence[float], float | None]


def _chart(plots: Plots, rows: Sequence[_Row], *, text: Callable[[float], str], name: str, title: str) -> Element:
    shown = rows[:MOST_REPLICAS]
    limits = sorted({limit for *_, limit in shown if limit is not None})
    values = [value for _, _, series, _, _ in shown for value in series]
    # A limit far above everything would press the lines to the ground; it is said in words then.
    near = [limit for limit in limits if limit <= 4 * max(values, default=0.0)]
    frame = over_time(plots.t_s, [*values, *near], text, log=False, right=64.0)
    parts, labels = frame.elements(), []
    for limit in near:
        place = frame.y(limit)
        parts.append(el("line", x1=frame.x.start, x2=frame.x.end, y1=place, y2=place, class_="limit"))
        parts.append(el("text", f"limit {text(limit)}", x=frame.x.start + 4, y=place - 4, class_="note"))
    for index, (replica, t_s, series, throttled, _) in enumerate(shown):
        points = _points(frame, t_s, series)
        parts.append(line(points, f"c{index}"))
        if throttled:
            held = [(x, y if share > _SHOWN else math.nan) for (x, y), share in zip(points, throttled, strict=True)]
            parts.append(line(held, f"c{index} held"))
        known = [y for _, y in points if not math.isnan(y)]
        if known:
            labels.append(EndLabel(_short(replica), known[-1], f"c{index}"))
    parts += frame.end_labels(labels)
    return picture(*parts, name=name, title=title, description=_words(rows, text), size=SIZE, class_="plot")


def _points(frame: Frame, t_s: Sequence[float], series: Sequence[float]) -> list[tuple[float, float]]:
    """Return places of the samples; those before and after the load are not drawn."""
    return [
        (frame.x(t), frame.y(value) if 0 <= t <= frame.x.high and math.isfinite(value) else math.nan)
        for t, value in zip(t_s, series, strict=True)
    ]


def _short(replica: str) -> str:
    """Return ``workload/ordinal``, cut so that it fits beside the plot."""
    name = "/".join(replica.split("/")[-2:])
    return name if len(name) <= 10 else f"…{name[-9:]}"  # noqa: PLR2004


def _words(rows: Sequence[_Row], text: Callable[[float], str]) -> str:
    parts = []
    for replica, _, series, throttled, limit in rows:
        known = [value for value in series if math.isfinite(value)]
        if not known:
            continue
        words = f"{replica}: from {text(min(known))} to {text(max(known))}"
        if limit is not None:
            words += f", limit {text(limit)}"
        held = sum(share > _SHOWN for share in throttled)
        parts.append(f"{words}, held back in {held} of {len(throttled)} samples" if held else words)
    return "; ".join(parts) or "nothing was sampled"
