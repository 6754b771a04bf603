"""Latency over time: median, 90th and 99th percentile of each bin, against the limits on them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from gonogo.report.charts.grid import SIZE, over_time
from gonogo.report.plots import Plots
from gonogo.report.svg.element import Element, el, picture
from gonogo.report.svg.frame import EndLabel, Frame
from gonogo.report.svg.path import line
from gonogo.units import format_duration

__all__ = ["latency_chart", "limit_lines", "seconds_line"]


def latency_chart(plots: Plots, limits: Sequence[float], name: str) -> Element:
    """Return the drawing.

    Args:
        plots: the run's figures.
        limits: latency limits of the run's criteria in seconds, drawn as dashed lines.
        name: unique in the page.
    """
    lines = {"p99": plots.p99, "p90": plots.p90, "p50": plots.p50}
    values = [value for series in lines.values() for value in series]
    frame = over_time(plots.t_s, [*values, *limits], format_duration, log=True)
    parts = frame.elements()
    places = [frame.x(t) for t in plots.t_s]
    labels = []
    for label, series in lines.items():
        parts += seconds_line(frame, places, series, label)
        last = next((value for value in reversed(series) if not math.isnan(value)), math.nan)
        if not math.isnan(last):
            labels.append(EndLabel(label, frame.y(last), label))
    parts += [*limit_lines(frame, limits), *frame.end_labels(labels)]
    return picture(
        *parts,
        name=name,
        title="Latency of answered requests over time",
        description=_words(lines),
        size=SIZE,
        class_="plot",
    )


def limit_lines(frame: Frame, limits: Sequence[float]) -> list[Element]:
    """Return a dashed line for each limit, with its figure above it."""
    parts = []
    for limit in sorted(set(limits)):
        place = frame.y(limit)
        parts.append(el("line", x1=frame.x.start, x2=frame.x.end, y1=place, y2=place, class_="limit"))
        text = f"limit {format_duration(limit)}"
        parts.append(el("text", text, x=frame.x.start + 4, y=place - 4, class_="note"))
    return parts


def seconds_line(frame: Frame, places: Sequence[float], values: Sequence[float], class_: str) -> list[Element]:
    """Return the line through ``values`` at ``places``; what was never answered runs along the upper edge, dotted."""
    heights = [math.nan if math.isnan(value) else frame.y(value) for value in values]
    answered = [math.nan if math.isinf(value) else height for value, height in zip(values, heights, strict=True)]
    parts = [line(list(zip(places, answered, strict=True)), class_)]
    if any(math.isinf(value) for value in values):
        lost = [height if math.isinf(value) else math.nan for value, height in zip(values, heights, strict=True)]
        parts.append(line(list(zip(places, lost, strict=True)), f"{class_} lost"))
        first = next(place for place, value in zip(places, values, strict=True) if math.isinf(value))
        parts.append(el("text", "not answered", x=min(first, frame.x.end - 80), y=frame.y.end - 4, class_="note"))
    return parts


def _words(lines: Mapping[str, Sequence[float]]) -> str:
    parts = []
    for label, series in lines.items():
        known = [value for value in series if not math.isnan(value)]
        if known:
            parts.append(f"{label} of the bins from {format_duration(min(known))} to {format_duration(max(known))}")
    return "; ".join(parts) or "no request was answered"
