"""Further jobs on this machine, started by one that would be late."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Final

from gonogo_services.serving.lifeline import die_with

__all__ = ["HELPER_OF", "Crew", "join_parent"]

#: Set in the environment of a helper: the process id of the job that started it.
HELPER_OF: Final = "BATCH_HELPER_OF"


class Crew:
    """The helpers of a job. They end with it, however it ends.

    Args:
        arguments: the job's own, which its helpers get too.
        environment: the job's own.
    """

    def __init__(self, arguments: list[str], environment: Mapping[str, str]) -> None:
        self._command = [sys.executable, "-m", "gonogo_services.batch.job", *arguments]
        self._environment = {**environment, HELPER_OF: str(os.getpid())}
        self._helpers: list[subprocess.Popen[str]] = []

    def __len__(self) -> int:
        return len(self._helpers)

    def grow(self, count: int) -> None:
        """Start helpers until there are ``count``."""
        while len(self._helpers) < count:
            self._helpers.append(
                subprocess.Popen(  # noqa: S603 - this program itself
                    self._command, env=self._environment, stdout=subprocess.PIPE, text=True
                )
            )

    def stop(self) -> None:
        """Ask every helper to finish the chunk that it has."""
        for helper in self._helpers:
            helper.terminate()

    def finish(self) -> list[tuple[int, dict[str, int]]]:
        """Wait for every helper and return its exit status and its summary, empty when it gave none."""
        ended = []
        for helper in self._helpers:
            said, _ = helper.communicate()
            try:
                summary = json.loads(said)
            except ValueError:
                summary = {}
            ended.append((helper.returncode, summary))
        self._helpers.clear()
        return ended


def join_parent(environment: Mapping[str, str]) -> bool:
    """Return whether this process is a helper, and if so, have it end with the job that started it."""
    parent = environment.get(HELPER_OF, "")
    if not parent.isdecimal():
        return False
    die_with(int(parent))
    return True
