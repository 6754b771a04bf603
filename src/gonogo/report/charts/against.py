"""One quantity against another, such as latency against throughput, with a limit and named places."""

from __future__ import annotations

import math
from itertools import pairwise

from gonogo.gate.experiment import Curve
from gonogo.gate.figure import figure
from gonogo.report.charts.grid import SIZE, bottom_up
from gonogo.report.svg.element import Element, el, picture
from gonogo.report.svg.frame import HEIGHT, WIDTH, Frame, Margins
from gonogo.report.svg.path import line
from gonogo.report.svg.scale import linear

__all__ = ["against_chart"]

_MARGINS = Margins(right=26.0)
_DECADE = 10.0
_MANY = 40
"""So many points are a line: dots would only hide it."""


def against_chart(curve: Curve, name: str) -> Element:
    """Return the drawing; ``name`` is unique in the page. Times over more than a decade have a logarithmic axis."""
    points = [(x, y) for x, y in curve.points if math.isfinite(x) and math.isfinite(y)]
    values = [y for _, y in points if y > 0]
    high = [*values, curve.limit] if curve.limit else values
    log = curve.y_unit == "s" and bool(values) and max(high) / min(values) > _DECADE
    frame = Frame(
        linear(
            [*(x for x, _ in points), *(x for x, _ in curve.marks)], _MARGINS.left, WIDTH - _MARGINS.right, zero=True
        ),
        bottom_up(high, log=log),
        x_text=lambda value: figure(value, curve.x_unit),
        y_text=lambda value: figure(value, curve.y_unit),
        x_title=curve.x,
        margins=_MARGINS,
    )
    places = [(frame.x(x), frame.y(y)) for x, y in points]
    parts = [
        *frame.elements(),
        line(places, "p99"),
        *(el("circle", cx=x, cy=y, r=3, class_="point") for x, y in places if len(places) <= _MANY),
    ]
    if curve.limit is not None:
        place = frame.y(curve.limit)
        parts.append(el("line", x1=frame.x.start, x2=frame.x.end, y1=place, y2=place, class_="limit"))
        parts.append(
            el("text", f"limit {figure(curve.limit, curve.y_unit)}", x=frame.x.start + 4, y=place - 5, class_="note")
        )
    for index, (x, text) in enumerate(curve.marks):
        place = frame.x(x)
        right = place > (frame.x.start + frame.x.end) / 2
        parts.append(el("line", x1=place, x2=place, y1=_MARGINS.top, y2=HEIGHT - _MARGINS.bottom, class_="limit"))
        class_, shift = ("note end", -5) if right else ("note", 5)
        parts.append(el("text", text, x=place + shift, y=_MARGINS.top + 10 + 13 * index, class_=class_))
    return picture(*parts, name=name, title=curve.title, description=_words(curve, points), size=SIZE, class_="plot")


def _words(curve: Curve, points: list[tuple[float, float]]) -> str:
    if not points:
        return "nothing was measured"
    said = [f"{figure(y, curve.y_unit)} at {figure(x, curve.x_unit)}" for x, y in points]
    rises = sum(after[1] > before[1] for before, after in pairwise(points))
    marks = [f"{text} at {figure(x, curve.x_unit)}" for x, text in curve.marks]
    return "; ".join([f"{curve.y}: {', '.join(said)}", f"it rises {rises} times", *marks])
