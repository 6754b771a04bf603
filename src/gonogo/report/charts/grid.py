"""The grid that all plots of a run share: the same size, the same time axis."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from gonogo.report.svg.frame import HEIGHT, WIDTH, Frame, Margins
from gonogo.report.svg.scale import Scale, linear, logarithmic

__all__ = ["SIZE", "bottom_up", "over_time"]

SIZE = (WIDTH, HEIGHT)
_HEADROOM = 1.06
_LOG_ROOM = 1.3


def over_time(
    t_s: Sequence[float], values: Iterable[float], text: Callable[[float], str], *, log: bool, right: float = 40.0
) -> Frame:
    """Return a frame with seconds below and ``values`` beside, from 0 unless it is logarithmic.

    Args:
        t_s: middle of each bin in seconds.
        values: what the frame must have room for.
        text: how a value is written at the vertical axis.
        log: equal ratios lie equally far apart.
        right: room for the names of the lines at their ends.
    """
    margins = Margins(right=right)
    x = linear(t_s, margins.left, WIDTH - margins.right, zero=True)
    y = bottom_up(values, log=log)
    # The axis ends where the last bin ends, half a bin after its middle.
    half = (t_s[1] - t_s[0]) / 2 if len(t_s) > 1 else 0.0
    x = Scale(0.0, x.high + half, x.start, x.end)
    return Frame(x, y, x_text=lambda value: f"{value:g}", y_text=text, x_title="seconds from the start")


def bottom_up(values: Iterable[float], *, log: bool) -> Scale:
    """Return the vertical scale for ``values``: the low end at the bottom, a little room above the highest."""
    margins = Margins()
    bottom, top = HEIGHT - margins.bottom, margins.top
    if log:
        scale = logarithmic(values, bottom, top)
        return Scale(scale.low / _LOG_ROOM, scale.high * _LOG_ROOM, bottom, top, log=True)
    scale = linear(values, bottom, top, zero=True)
    return Scale(scale.low, scale.high * _HEADROOM, bottom, top)
