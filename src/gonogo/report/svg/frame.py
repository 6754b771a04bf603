"""The frame of a plot: where its axes lie, with their grid lines and labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from gonogo.report.svg.element import Element, el
from gonogo.report.svg.scale import Scale
from gonogo.report.svg.spread import spread

__all__ = ["HEIGHT", "WIDTH", "EndLabel", "Frame", "Margins"]

WIDTH = 430.0
HEIGHT = 220.0
_LABEL_GAP = 13.0


@dataclass(frozen=True, slots=True)
class Margins:
    """Room around the plot's area for labels."""

    left: float = 54.0
    right: float = 46.0
    top: float = 14.0
    bottom: float = 34.0


@dataclass(frozen=True, slots=True)
class EndLabel:
    """A label at the right end of a line: its text, the place of the line's end and the class of the line."""

    text: str
    y: float
    class_: str


@dataclass(frozen=True, slots=True)
class Frame:
    """Two scales and how their values are written."""

    x: Scale
    y: Scale
    x_text: Callable[[float], str]
    y_text: Callable[[float], str]
    x_title: str
    x_ticks: Sequence[float] = ()
    margins: Margins = field(default_factory=Margins)

    def elements(self) -> list[Element]:
        """Return grid lines, tick labels and the title of the horizontal axis."""
        left, right = self.x.start, self.x.end
        bottom = self.y.start
        parts: list[Element] = []
        for value in self.y.ticks(4):
            place = self.y(value)
            parts.append(el("line", x1=left, x2=right, y1=place, y2=place, class_="grid"))
            parts.append(el("text", self.y_text(value), x=left - 6, y=place + 4, class_="tick end"))
        for value in _apart(self.x_ticks or self.x.ticks(6), self.x):
            place = self.x(value)
            parts.append(el("line", x1=place, x2=place, y1=bottom, y2=bottom + 4, class_="mark"))
            parts.append(el("text", self.x_text(value), x=place, y=bottom + 16, class_="tick mid"))
        parts.append(el("line", x1=left, x2=right, y1=bottom, y2=bottom, class_="axis"))
        parts.append(el("text", self.x_title, x=right, y=bottom + 30, class_="tick end"))
        return parts

    def end_labels(self, labels: Sequence[EndLabel]) -> list[Element]:
        """Return labels beside the right edge, kept apart."""
        places = spread([label.y for label in labels], _LABEL_GAP, self.y.end, self.y.start)
        return [
            el("text", label.text, x=self.x.end + 5, y=place + 4, class_=f"name {label.class_}")
            for label, place in zip(labels, places, strict=True)
        ]


def _apart(ticks: Sequence[float], scale: Scale) -> list[float]:
    """Return the ticks that keep a readable distance from the one before them."""
    kept = list(ticks[:1])
    for _, value in pairwise(ticks):
        if abs(scale(value) - scale(kept[-1])) >= 30:  # noqa: PLR2004
            kept.append(value)
    return kept
