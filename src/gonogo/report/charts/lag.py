"""Lag over time: how late the generator sent, by its own fault."""

from __future__ import annotations

import math

from gonogo.report.charts.grid import SIZE, over_time
from gonogo.report.charts.latency import limit_lines, seconds_line
from gonogo.report.plots import Plots
from gonogo.report.svg.element import Element, picture
from gonogo.report.svg.frame import EndLabel
from gonogo.units import format_duration

__all__ = ["lag_chart"]


def lag_chart(plots: Plots, allowed_s: float, name: str) -> Element:
    """Return the drawing.

    Args:
        plots: the run's figures.
        allowed_s: lag p99 of the whole run above it makes the run INVALID.
        name: unique in the page.
    """
    known = [value for value in plots.lag_p99 if not math.isnan(value)]
    # Nanoseconds are below what clocks tell: they would only stretch the scale.
    shown = [value if math.isnan(value) else max(value, 1e-6) for value in plots.lag_p99]
    frame = over_time(plots.t_s, [*shown, allowed_s], format_duration, log=True)
    places = [frame.x(t) for t in plots.t_s]
    parts = [*frame.elements(), *limit_lines(frame, [allowed_s]), *seconds_line(frame, places, shown, "lag")]
    if known:
        parts += frame.end_labels([EndLabel("p99", frame.y(max(known[-1], 1e-6)), "lag")])
    words = (
        f"p99 of the bins from {format_duration(min(known))} to {format_duration(max(known))}"
        if known
        else "nothing was sent"
    )
    return picture(
        *parts,
        name=name,
        title="Lateness of the generator",
        description=f"{words}; up to {format_duration(allowed_s)} is allowed",
        size=SIZE,
        class_="plot",
    )
