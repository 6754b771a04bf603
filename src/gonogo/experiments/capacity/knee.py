"""The knee of a curve: where more throughput begins to cost much more latency."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["knee"]

_FEWEST = 3


def knee(points: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    """Return the point of ``points`` that lies farthest below the line from the first to the last.

    That is the knee of a convex curve after Satopää, Albrecht, Irwin and Raghavan, "Finding a 'Kneedle' in a Haystack:
    Detecting Knee Points in System Behavior", ICDCS Workshops 2011, without its smoothing: the points are few. None for
    fewer than three points, for a curve that does not rise, and for one that nowhere lies below the line.

    Args:
        points: (x, y) in order of x, such as throughput and latency.
    """
    if len(points) < _FEWEST:
        return None
    (x0, y0), (x1, y1) = points[0], points[-1]
    if x1 <= x0 or y1 <= y0:
        return None
    below = [((x - x0) / (x1 - x0) - (y - y0) / (y1 - y0), (x, y)) for x, y in points]
    depth, found = max(below)
    return found if depth > 0 else None
