"""The percentile curve: the latency that each share of the requests stayed below, up to p99.99."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gonogo.report.charts.grid import SIZE, bottom_up
from gonogo.report.charts.latency import limit_lines, seconds_line
from gonogo.report.plots import Plots
from gonogo.report.svg.element import Element, picture
from gonogo.report.svg.frame import WIDTH, Frame, Margins
from gonogo.report.svg.scale import Scale
from gonogo.units import format_duration

__all__ = ["LEVELS", "curve_chart", "curve_frame", "curve_words"]

LEVELS = (0.5, 0.9, 0.99, 0.999, 0.9999)
_MARGINS = Margins(right=26.0)


def curve_chart(plots: Plots, limits: Sequence[float], name: str) -> Element:
    """Return the drawing; the horizontal axis is logarithmic in the share that is slower.

    Args:
        plots: the run's figures.
        limits: latency limits of the run's criteria in seconds.
        name: unique in the page.
    """
    points = [(level, value) for level, value in zip(plots.levels, plots.latency, strict=True) if level < 1]
    frame = curve_frame(points, limits)
    places = [frame.x(1 / (1 - level)) for level, _ in points]
    return picture(
        *frame.elements(),
        *seconds_line(frame, places, [value for _, value in points], "p99"),
        *limit_lines(frame, limits),
        name=name,
        title="Latency of all requests by percentile",
        description=curve_words(points),
        size=SIZE,
        class_="plot",
    )


def curve_frame(points: Sequence[tuple[float, float]], limits: Sequence[float]) -> Frame:
    """Return the frame for ``points`` (level and seconds), of one run or of several, and the limits on them."""
    rarest = max((1 / (1 - level) for level, _ in points), default=100.0)
    x = Scale(1.0, max(rarest, 10.0), _MARGINS.left, WIDTH - _MARGINS.right, log=True)
    return Frame(
        x,
        bottom_up([*(value for _, value in points if math.isfinite(value)), *limits], log=True),
        x_text=lambda odds: f"p{100 * (1 - 1 / odds):.6g}",
        y_text=format_duration,
        x_title="share of the requests that were faster",
        x_ticks=[odds for odds in (1 / (1 - level) for level in LEVELS) if odds <= x.high * 1.001],
        margins=_MARGINS,
    )


def curve_words(points: Sequence[tuple[float, float]], levels: Sequence[float] = LEVELS) -> str:
    """Return what a curve says at ``levels``: ``p50 4 ms, p99 12 ms``."""
    parts = []
    for wanted in levels:
        reached = [value for level, value in points if level >= wanted - 1e-9]
        if reached:
            parts.append(f"p{wanted * 100:g} {format_duration(reached[0])}")
    return ", ".join(parts) or "no request was answered"
