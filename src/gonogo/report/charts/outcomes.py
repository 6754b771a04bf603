"""Outcomes over time: statuses and kinds of failure, stacked to the rate of all requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gonogo.gate.figure import figure
from gonogo.report.charts.grid import SIZE, over_time
from gonogo.report.plots import Plots
from gonogo.report.svg.element import Element, picture
from gonogo.report.svg.frame import EndLabel
from gonogo.report.svg.path import area

__all__ = ["kind_of", "outcomes_chart"]

_MOST = 6
"""So many layers are told apart; the smaller ones beyond are drawn as one."""


def kind_of(outcome: str) -> str:
    """Return the class of a status or a kind of failure: ``s2``, ``s3``, ``s4``, ``s5`` or ``failure``."""
    return f"s{outcome[0]}" if outcome.isdigit() and outcome[0] in "2345" else "failure"


def outcomes_chart(plots: Plots, name: str) -> Element:
    """Return the drawing; ``name`` is unique in the page."""
    layers = _layers(plots.outcomes)
    totals = [sum(column) for column in zip(*layers.values(), strict=True)]
    frame = over_time(plots.t_s, totals, lambda value: figure(value, "count"), log=False, right=64.0)
    places = [frame.x(t) for t in plots.t_s]
    parts, labels = frame.elements(), []
    ground = [0.0] * len(places)
    for index, (label, series) in enumerate(layers.items()):
        top = [low + value for low, value in zip(ground, series, strict=True)]
        class_ = f"fill {kind_of(label)} v{index % 3}"
        parts.append(area(places, [frame.y(y) for y in ground], [frame.y(y) for y in top], class_))
        if places and series[-1] > 0:
            labels.append(EndLabel(label, frame.y((ground[-1] + top[-1]) / 2), kind_of(label)))
        ground = top
    parts += frame.end_labels(labels)
    return picture(
        *parts, name=name, title="Answers per second", description=_words(plots.outcomes), size=SIZE, class_="plot"
    )


def _layers(outcomes: Mapping[str, Sequence[float]]) -> dict[str, Sequence[float]]:
    """Return the layers from the ground up: good statuses, then bad ones, then failures; the largest few of them."""
    kept = sorted(outcomes, key=lambda label: -sum(outcomes[label]))[: _MOST if len(outcomes) <= _MOST else _MOST - 1]
    layers = {label: outcomes[label] for label in sorted(kept, key=lambda label: (kind_of(label) == "failure", label))}
    rest = [series for label, series in outcomes.items() if label not in layers]
    if rest:
        layers["other"] = [sum(column) for column in zip(*rest, strict=True)]
    return layers


def _words(outcomes: Mapping[str, Sequence[float]]) -> str:
    totals = {label: sum(series) for label, series in outcomes.items()}
    whole = sum(totals.values())
    if not whole:
        return "no request was due"
    return "; ".join(
        f"{label}: {figure(total / whole, 'share')}"
        for label, total in sorted(totals.items(), key=lambda item: -item[1])
    )
