"""The heat map: the latency of every moment's requests in shades, so that stalls and second modes can be seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby

from gonogo.report.charts.grid import SIZE, over_time
from gonogo.report.charts.latency import limit_lines
from gonogo.report.heat import SHADES, Heat
from gonogo.report.plots import Plots
from gonogo.report.svg.element import Element, el, picture
from gonogo.report.svg.frame import Frame
from gonogo.report.svg.scale import Scale
from gonogo.units import format_duration

__all__ = ["heat_chart"]

_LOST_HEIGHT = 6.0


def heat_chart(plots: Plots, limits: Sequence[float], name: str) -> Element:
    """Return the drawing; requests without an answer are a band of their own above it.

    Args:
        plots: the run's figures.
        limits: latency limits of the run's criteria in seconds, drawn as dashed lines where they lie inside.
        name: unique in the page.
    """
    heat = plots.heat
    frame = over_time(plots.t_s, [heat.low, heat.high, *limits], format_duration, log=True)
    frame = _with_room(frame)
    cells = [*_cells(frame, heat), *_lost(frame, heat)]
    return picture(
        *frame.elements(),
        *cells,
        *limit_lines(frame, limits),
        name=name,
        title="Latency of each moment's requests",
        description=_words(heat),
        size=SIZE,
        class_="plot heat",
    )


def _with_room(frame: Frame) -> Frame:
    """Return the frame with its vertical scale ending below the band of what was not answered."""
    y = frame.y
    scale = Scale(y.low, y.high, y.start, y.end + _LOST_HEIGHT + 2, log=True)
    return Frame(frame.x, scale, frame.x_text, frame.y_text, frame.x_title)


def _cells(frame: Frame, heat: Heat) -> list[Element]:
    """Return one path for each shade: neighbouring cells of a moment are drawn as one."""
    shapes: dict[int, list[str]] = defaultdict(list)
    if not heat.columns:  # not one request was answered
        return []
    rows = len(heat.columns[0])
    edges = [frame.y(heat.low * (heat.high / heat.low) ** (row / rows)) for row in range(rows + 1)]
    for left, width, column in _places(frame, heat.columns):
        for grade, first, last in _stretches(column):
            shapes[grade].append(f"M{left:.1f} {edges[first]:.1f}h{width:.1f}V{edges[last]:.1f}h-{width:.1f}Z")
    return [el("path", d="".join(shapes[grade]), class_=f"h{grade}") for grade in sorted(shapes)]


def _lost(frame: Frame, heat: Heat) -> list[Element]:
    shapes: dict[int, list[str]] = defaultdict(list)
    top = frame.y.end - _LOST_HEIGHT - 2
    for left, width, grade in _places(frame, heat.failed):
        if grade != "0":
            shapes[int(grade)].append(f"M{left:.1f} {top:.1f}h{width:.1f}v{_LOST_HEIGHT:.0f}h-{width:.1f}Z")
    parts = [el("path", d="".join(shapes[grade]), class_=f"l{grade}") for grade in sorted(shapes)]
    if parts:
        parts.append(el("text", "not answered", x=frame.x.end, y=top - 3, class_="note end"))
    return parts


def _places(frame: Frame, items: Sequence[str]) -> Iterator[tuple[float, float, str]]:
    width = (frame.x.end - frame.x.start) / max(1, len(items))
    for index, item in enumerate(items):
        yield frame.x.start + index * width, width, item


def _stretches(column: str) -> Iterator[tuple[int, int, int]]:
    """Yield grade, first and one-past-last row of every stretch of one grade above 0."""
    row = 0
    for digit, cells in groupby(column):
        length = len(list(cells))
        if digit != "0":
            yield int(digit), row, row + length
        row += length


def _words(heat: Heat) -> str:
    if not heat.columns:
        return "no request was answered"
    lost = sum(grade != "0" for grade in heat.failed)
    words = (
        f"answers took from {format_duration(heat.low)} to {format_duration(heat.high)}; the darker of "
        f"{len(SHADES)} shades, the more of the requests of that moment"
    )
    return f"{words}; requests stayed without an answer in {lost} of {len(heat.failed)} moments" if lost else words
