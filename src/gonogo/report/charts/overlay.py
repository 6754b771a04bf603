"""Runs compared: the percentile curves of several runs over one another."""

from __future__ import annotations

import math
from collections.abc import Mapping

from gonogo.report.charts.curve import LEVELS, curve_frame, curve_words
from gonogo.report.charts.grid import SIZE
from gonogo.report.plots import Plots
from gonogo.report.svg.element import Element, picture
from gonogo.report.svg.path import line

__all__ = ["MOST_RUNS", "overlay_chart"]

MOST_RUNS = 8
"""More curves than these cannot be told apart."""


def overlay_chart(runs: Mapping[str, Plots], name: str) -> Element:
    """Return the drawing; the curve of the n-th run has the class ``cn``, which a table beside it explains.

    Args:
        runs: figures by the name of the run, at most MOST_RUNS.
        name: unique in the page.
    """
    curves = {
        run: [(level, value) for level, value in zip(plots.levels, plots.latency, strict=True) if level < 1]
        for run, plots in runs.items()
    }
    frame = curve_frame([point for points in curves.values() for point in points], ())
    lines = [
        line(
            [
                (frame.x(1 / (1 - level)), frame.y(value) if math.isfinite(value) else math.nan)
                for level, value in points
            ],
            f"c{index}",
        )
        for index, points in enumerate(curves.values())
    ]
    words = "; ".join(f"{run}: {curve_words(points, LEVELS[:4])}" for run, points in curves.items())
    return picture(
        *frame.elements(),
        *lines,
        name=name,
        title="Latency by percentile, all requests",
        description=words,
        size=SIZE,
        class_="plot",
    )
