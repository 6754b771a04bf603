"""What loads may use, and the settings of a command."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from gonogo.manifests.topology import Topology
from gonogo.report.live.view import is_wanted
from gonogo.settings import Settings
from gonogo.settings import read as read_settings
from gonogo.suite.load import Bench
from gonogo.suite.placement import Placement
from gonogo.wiring.stacks import placement_for

__all__ = ["bench", "settings_here"]


def settings_here(environment: Mapping[str, str], **given: object) -> Settings:
    """Return the settings for a command that runs in the current folder."""
    return read_settings(Path.cwd(), environment, given)


def bench(settings: Settings, *, announce: Callable[[str], None], placement: Placement | None = None) -> Bench:
    """Return what loads may use under ``settings``; without a ``placement``, the generator gets one core."""
    return Bench(
        placement=placement or placement_for(Topology(), settings),
        short=settings.profile == "ci",
        remeasure=settings.remeasure,
        stop_when_decided=settings.stop_when_decided,
        allows=settings.allows,
        inside=settings.generator == "inside",
        terminal=sys.stderr if is_wanted(sys.stderr, os.environ) else None,
        announce=announce,
        load_wait_s=settings.load_wait,
    )
