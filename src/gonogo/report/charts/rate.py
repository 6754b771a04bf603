"""Rate over time: requests that were due, and those that succeeded."""

from __future__ import annotations

from gonogo.gate.figure import figure
from gonogo.report.charts.grid import SIZE, over_time
from gonogo.report.plots import Plots
from gonogo.report.svg.element import Element, picture
from gonogo.report.svg.frame import EndLabel
from gonogo.report.svg.path import area, line

__all__ = ["rate_chart"]


def rate_chart(plots: Plots, name: str) -> Element:
    """Return the drawing; ``name`` is unique in the page."""
    frame = over_time(
        plots.t_s, [*plots.due, *plots.success], lambda value: figure(value, "count"), log=False, right=64.0
    )
    places = [frame.x(t) for t in plots.t_s]
    ground = [frame.y(0.0)] * len(places)
    success = [frame.y(value) for value in plots.success]
    due = [frame.y(value) for value in plots.due]
    parts = [
        *frame.elements(),
        area(places, ground, success, "fill ok"),
        line(list(zip(places, success, strict=True)), "ok"),
        line(list(zip(places, due, strict=True)), "due"),
    ]
    if places:
        parts += frame.end_labels([EndLabel("due", due[-1], "due"), EndLabel("success", success[-1], "ok")])
    return picture(*parts, name=name, title="Requests per second", description=_words(plots), size=SIZE, class_="plot")


def _words(plots: Plots) -> str:
    if not plots.t_s:
        return "no request was due"
    due, success = (figure(sum(series) / len(series), "/s") for series in (plots.due, plots.success))
    return (
        f"due {due} and successful {success} on average; "
        f"successful from {figure(min(plots.success), '/s')} to {figure(max(plots.success), '/s')}"
    )
