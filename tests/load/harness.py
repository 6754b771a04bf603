"""What the load tests speak of: a running test server, and driving a short load at it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import Protocol, TypedDict, Unpack

from gonogo.load.profile import Profile
from gonogo.load.target import Target
from gonogo.runs.run import Run

__all__ = ["Drive", "PlanSettings", "Server"]


@dataclass(frozen=True)
class Server:
    """A running server."""

    url: str
    port: int
    process: subprocess.Popen[bytes]


class PlanSettings(TypedDict, total=False):
    """What a test may set of its plan; the rest is 400 requests per second for a quarter of a second."""

    rate: float | Profile | None
    duration_s: float
    warmup_s: float
    timeout_s: float
    connections: int
    arrivals: str
    engines: int


class Drive(Protocol):
    """Drives a short load and returns its run."""

    def __call__(self, *targets: Target | str, **settings: Unpack[PlanSettings]) -> Run:
        """Drive the targets, or URLs to be got."""
