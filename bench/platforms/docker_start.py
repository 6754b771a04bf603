"""How long a stack takes to come up in Docker, its images built, and to be gone again.

python bench/platforms/docker_start.py [MANIFESTS (manifests/load_test)] [TIMES (5)]
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from gonogo.platforms.docker.daemon import connect
from gonogo.platforms.docker.stack import DockerStack
from gonogo.platforms.docker.sweep import left
from gonogo.wiring import placement_for, read_topology, settings_here, start_stack


def main(manifests: str = "manifests/load_test", times: str = "5") -> None:
    """Start and stop, and print seconds a time."""
    settings = settings_here(os.environ, platform="docker")
    topology, _, _ = read_topology([manifests])
    print(f"{manifests}: {sum(each.replicas for each in topology.workloads)} Pods, load {os.getloadavg()[0]:.1f}")
    for number in range(int(times)):
        with tempfile.TemporaryDirectory() as folder:
            begun = time.monotonic()
            stack = start_stack(topology, settings, placement_for(topology, settings), Path(folder), announce=print)
            assert isinstance(stack, DockerStack)
            up_s = time.monotonic() - begun
            begun = time.monotonic()
            stack.stop()
            down_s = time.monotonic() - begun
        client = connect()
        print(f"{number + 1}: up {up_s:.2f} s, down {down_s:.2f} s, left behind: {len(left(client, stack.stack))}")
        client.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
