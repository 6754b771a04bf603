"""A verdict drawn: the interval and the observation against the limit, on the side where it must lie."""

from __future__ import annotations

import math
from collections.abc import Iterable

from gonogo.gate.claim import Allowed, allowed
from gonogo.gate.figure import figure
from gonogo.report.svg.element import Element, el, picture
from gonogo.report.svg.scale import Scale, linear, logarithmic
from gonogo.verdicts.verdict import Outcome, Verdict

__all__ = ["interval_chart"]

_WIDTH, _HEIGHT = 260.0, 40.0
_EDGE = 10.0
_BAR_Y = 14.0
_BAND = (5.0, 23.0)
_LABEL_Y = 36.0
_LOG_SPAN = 8.0
"""From this ratio on between the largest and the smallest figure the scale is logarithmic."""
_TINY = 1e-12
_CLASS = {Outcome.GO: "go", Outcome.NO_GO: "nogo", Outcome.INCONCLUSIVE: "open"}


def interval_chart(verdict: Verdict, name: str) -> Element:
    """Return the drawing; ``name`` is unique in the page."""
    # A claim that is no range still has its limit drawn, without a side.
    zone = allowed(verdict) or Allowed(verdict.limit, verdict.limit)
    scale = _scale(verdict, zone)
    parts = [*_band(scale, zone)]
    parts.append(el("line", x1=0, x2=_WIDTH, y1=_BAR_Y, y2=_BAR_Y, class_="base"))
    if not math.isnan(verdict.low) and not math.isnan(verdict.high) and verdict.low <= verdict.high:
        parts += _bar(scale, verdict)
    if not math.isnan(verdict.observed):
        parts.append(_dot(scale, verdict))
    for end in zone.ends:
        place = scale(end)
        parts.append(el("line", x1=place, x2=place, y1=_BAND[0] - 3, y2=_BAND[1] + 2, class_="limit"))
    parts += _limit_labels(scale, zone, verdict.unit)
    return picture(
        *parts,
        name=name,
        title=f"{verdict.outcome}: {verdict.expression}",
        description=_words(verdict, zone),
        size=(_WIDTH, _HEIGHT),
        class_=f"interval {_CLASS[verdict.outcome]}",
    )


def _scale(verdict: Verdict, zone: Allowed) -> Scale:
    finite = _shown(verdict, zone)
    positive = [value for value in finite if value > _TINY]
    left, right = 2 * _EDGE, _WIDTH - 2 * _EDGE
    log = verdict.unit != "share" and bool(positive) and max(positive) / min(positive) > _LOG_SPAN
    scale = logarithmic(positive, left, right) if log else linear(finite, left, right)
    return _with_room(scale, finite)


def _shown(verdict: Verdict, zone: Allowed) -> list[float]:
    """Return the finite figures that the scale must hold."""
    bounds = [value for value in (verdict.low, verdict.high) if math.isfinite(value)]
    shown = [value for value in (verdict.observed, *zone.ends) if math.isfinite(value)]
    if verdict.unit != "share":
        return shown + bounds
    # A bound of 0 % or 100 % often bounds nothing; it must not squeeze the figures that matter.
    shown += [value for value in bounds if 0 < value < 1]
    span = max(shown, default=1.0) - min(shown, default=0.0)
    near = (value for value in bounds if span == 0 or min(abs(value - other) for other in shown) <= span)
    return shown + list(near)


def _with_room(scale: Scale, values: Iterable[float]) -> Scale:
    """Return the scale with its ends at the drawing's edges, so that what lies beyond it can be seen to do so."""
    room = (scale.start - _EDGE) / (scale.end - scale.start)
    if scale.log:
        factor = (scale.high / scale.low) ** room
        return Scale(scale.low / factor, scale.high * factor, _EDGE, _WIDTH - _EDGE, log=True)
    if len(set(values)) <= 1:
        room = 1.0
    extra = (scale.high - scale.low) * room
    return Scale(scale.low - extra, scale.high + extra, _EDGE, _WIDTH - _EDGE)


def _band(scale: Scale, zone: Allowed) -> list[Element]:
    if not zone.ends:
        return []
    left = 0.0 if math.isinf(zone.low) else scale(zone.low)
    right = _WIDTH if math.isinf(zone.high) else scale(zone.high)
    top, bottom = _BAND
    return [el("rect", x=left, y=top, width=max(right - left, 1.0), height=bottom - top, class_="allowed")]


def _bar(scale: Scale, verdict: Verdict) -> list[Element]:
    left = 0.0 if verdict.low < scale.low else scale(verdict.low)
    right = _WIDTH if verdict.high > scale.high else scale(verdict.high)
    parts = [el("rect", x=left, y=_BAR_Y - 3, width=max(right - left, 2.0), height=6, rx=2, class_="bar")]
    # Ends within the drawing get a cap; an open end runs out of it.
    ends = [place for place in (left, right) if 0 < place < _WIDTH]
    return parts + [el("line", x1=place, x2=place, y1=_BAR_Y - 6, y2=_BAR_Y + 6, class_="cap") for place in ends]


def _dot(scale: Scale, verdict: Verdict) -> Element:
    if scale.low <= verdict.observed <= scale.high:
        return el("circle", cx=scale(verdict.observed), cy=_BAR_Y, r=4.5, class_="dot")
    if verdict.observed > scale.high:
        tip, back = _WIDTH - 1, _WIDTH - 9
    else:
        tip, back = 1.0, 9.0
    return el("path", d=f"M{tip:g} {_BAR_Y:g}L{back:g} {_BAR_Y - 6:g}L{back:g} {_BAR_Y + 6:g}Z", class_="dot")


def _limit_labels(scale: Scale, zone: Allowed, unit: str) -> list[Element]:
    places = [scale(end) for end in zone.ends]
    if len(places) == 1:
        text = f"limit {figure(zone.ends[0], unit)}"
        anchor = "start" if places[0] < _WIDTH / 4 else "end" if places[0] > _WIDTH * 3 / 4 else "mid"
        # The label starts or ends under the line's own width.
        shift = {"start": -2.0, "end": 2.0, "mid": 0.0}[anchor]
        return [el("text", text, x=places[0] + shift, y=_LABEL_Y, class_=f"tick {anchor}")]
    anchors = ("start", "end") if places and places[-1] - places[0] > _WIDTH / 2 else ("end", "start")
    return [
        el("text", figure(end, unit), x=place, y=_LABEL_Y, class_=f"tick {anchor}")
        for end, place, anchor in zip(zone.ends, places, anchors, strict=False)
    ]


def _words(verdict: Verdict, zone: Allowed) -> str:
    unit = verdict.unit
    parts = [f"observed {figure(verdict.observed, unit)}"]
    if verdict.confidence < 1:
        parts.append(
            f"interval from {figure(verdict.low, unit)} to {figure(verdict.high, unit)} "
            f"at {figure(verdict.confidence, 'share')} confidence"
        )
    if len(zone.ends) == 1:
        parts.append(f"limit {figure(zone.ends[0], unit)}")
    elif zone.ends:
        parts.append(f"limits {figure(zone.ends[0], unit)} and {figure(zone.ends[1], unit)}")
    return "; ".join(parts)
