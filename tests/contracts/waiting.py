"""Waiting in tests: for a condition, up to a deadline, never for a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

__all__ = ["eventually"]

T = TypeVar("T")
_POLL_S = 0.01


def eventually(condition: Callable[[], T], within_s: float = 10.0) -> T:
    """Return the first true value of ``condition``; fail when there is none within ``within_s``."""
    deadline = time.monotonic() + within_s
    while not (value := condition()):
        assert time.monotonic() < deadline, f"did not come true within {within_s} s: {condition}"
        time.sleep(_POLL_S)
    return value
