"""Paths: a line through points, and the area between two lines."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from gonogo.report.svg.element import Element, el

__all__ = ["Point", "area", "line"]

Point = tuple[float, float]


def line(points: Sequence[Point], class_: str) -> Element:
    """Return a line through ``points``, broken where one is NaN; a lone point is a dot."""
    strokes = []
    for first, last in _stretches([point[1] for point in points]):
        there = "L".join(_at(point) for point in points[first:last])
        # A stroke of no length is drawn as a dot, because line caps are round.
        strokes.append(f"M{there}" if last - first > 1 else f"M{there}h0")
    return el("path", d="".join(strokes) or "M0 0", class_=class_)


def area(places: Sequence[float], lower: Sequence[float], upper: Sequence[float], class_: str) -> Element:
    """Return the area between two lines over the same ``places``, broken where one of them is NaN."""
    shapes = []
    for first, last in _stretches([low + high for low, high in zip(lower, upper, strict=True)]):
        there = "L".join(_at((places[index], upper[index])) for index in range(first, last))
        back = "L".join(_at((places[index], lower[index])) for index in reversed(range(first, last)))
        shapes.append(f"M{there}L{back}Z")
    return el("path", d="".join(shapes) or "M0 0", class_=class_)


def _stretches(values: Sequence[float]) -> Iterator[tuple[int, int]]:
    """Yield first and one-past-last index of every stretch without NaN."""
    first: int | None = None
    for index, value in enumerate(values):
        if not math.isnan(value):
            first = index if first is None else first
        elif first is not None:
            yield first, index
            first = None
    if first is not None:
        yield first, len(values)


def _at(point: Point) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"
