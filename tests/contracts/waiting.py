"""Waiting in tests: for a condition, up to a deadline, never for a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from fixtures.patience import PATIENCE_S

__all__ = ["PATIENCE_S", "comes_true", "eventually"]

T = TypeVar("T")
_POLL_S = 0.01


def eventually(condition: Callable[[], T], within_s: float = PATIENCE_S) -> T:
    """Return the first true value of ``condition``; fail when there is none within ``within_s``."""
    deadline = time.monotonic() + within_s
    while not (value := condition()):
        assert time.monotonic() < deadline, f"did not come true within {within_s} s: {condition}"
        time.sleep(_POLL_S)
    return value


async def comes_true(condition: Callable[[], object], within_s: float = PATIENCE_S) -> None:
    """Wait until ``condition`` holds while the event loop goes on; fail when it does not within ``within_s``."""
    async with asyncio.timeout(within_s):
        while True:
            if condition():
                return
            await asyncio.sleep(_POLL_S)
