"""Fixtures of the platforms' tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from fixtures.patience import PATIENCE_S
from gonogo.manifests.topology import Topology
from gonogo.platforms.process import ProcessPlatform
from gonogo.platforms.process.stack import ProcessStack
from tests.platforms.machine import IMAGES

Up = Callable[..., ProcessStack]


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    """Start a topology on the process platform; it is stopped after the test."""
    with ExitStack() as opened:

        def start(declared: Topology, *, ready_timeout_s: float = PATIENCE_S, **options: object) -> ProcessStack:
            platform = ProcessPlatform(**{"images": IMAGES, **options})  # type: ignore[arg-type] # options of the test
            workdir = tmp_path / f"stack-{len(list(tmp_path.iterdir()))}"
            workdir.mkdir()
            return opened.enter_context(platform.start(declared, workdir=workdir, ready_timeout_s=ready_timeout_s))

        yield start
