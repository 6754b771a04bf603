"""Brings a stack up in Docker and waits: docker_owner WORKDIR IMAGE [orphan]. Prints the stack's id when it is ready.

With ``orphan`` it kills its keeper and then itself, so that nobody is left to clear up.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from gonogo.manifests.topology import Port
from gonogo.platforms.docker import DockerPlatform
from tests.contracts.topologies import HEALTH, container, deployment, topology


def main(workdir: Path, image: str, *how: str) -> None:
    """Start, tell, wait."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where the caller ignores it
    declared = topology(deployment("web", container(image, ports=(Port(8000, "http"),), readiness=HEALTH)))
    with DockerPlatform(stop_timeout_s=0.2).start(declared, workdir=workdir, ready_timeout_s=30) as stack:
        print(stack.stack, flush=True)  # noqa: T201 - its output is what the tests look at
        if how:
            os.kill(stack.keeper, signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)
        signal.pause()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
