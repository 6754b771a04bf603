"""The control groups of this machine, as this process may use them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from gonogo.platforms.process.cgroups.choice import Choice, choose, read_hierarchies

__all__ = ["choice_here"]


def choice_here() -> Choice:
    """Decide where groups can be made, from the kernel's own tables."""
    hierarchies = read_hierarchies(_read("/proc/self/mountinfo"), _read("/proc/self/cgroup"))
    return choose(hierarchies, writable=lambda path: os.access(path, os.W_OK), read=_read, platform=sys.platform)


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
