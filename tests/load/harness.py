"""What the load tests speak of: a running test server, and driving a short load at it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import Protocol

from gonogo.load.target import Target
from gonogo.runs.run import Run

__all__ = ["Drive", "Server"]


@dataclass(frozen=True)
class Server:
    """A running server."""

    url: str
    port: int
    process: subprocess.Popen[bytes]


class Drive(Protocol):
    """Drives a short load and returns its run."""

    def __call__(
        self,
        *targets: Target | str,
        rate: float | None = 400,
        duration_s: float = 0.25,
        warmup_s: float = 0.0,
        timeout_s: float = 2.0,
        connections: int = 64,
        seed: int = 0,
        arrivals: str = "constant",
    ) -> Run:
        """Drive the targets, or URLs to be got."""
