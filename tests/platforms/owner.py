"""Brings a stack up and waits: owner.py WORKDIR READY_TIMEOUT IMAGE ARG…. Prints the stack's id when it is ready."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from gonogo.platforms.process import ProcessPlatform
from tests.contracts.topologies import container, deployment, topology
from tests.platforms.machine import IMAGES


def main(workdir: Path, ready_timeout_s: float, image: str, *args: str) -> None:
    """Start, tell, wait."""
    declared = topology(deployment("web", container(image, args=args, env={"ORPHAN": "yes"}), replicas=2))
    print("starting", flush=True)  # noqa: T201 - its output is what the tests look at
    with ProcessPlatform(IMAGES).start(declared, workdir=workdir, ready_timeout_s=ready_timeout_s):
        print("ready", flush=True)  # noqa: T201 - its output is what the tests look at
        signal.pause()


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), *sys.argv[3:])
