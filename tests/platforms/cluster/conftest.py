"""Fixtures of the tests that need a cluster.

They run in the cluster of KUBECONFIG's current context, if GONOGO_ALLOW_CONTEXTS names it, and need an image on its
nodes that serves on port 8000 as tests/platforms/services/echo.py does: GONOGO_ECHO_IMAGE, or
``gonogo/echo:cluster-test``.
"""

from __future__ import annotations

import math
import os
from dataclasses import replace
from pathlib import Path

import pytest

from gonogo.manifests.topology import Container, Probe, Topology
from gonogo.platforms.cluster import ClusterPlatform
from gonogo.platforms.cluster.access import current_context
from gonogo.platforms.cluster.stack import ClusterStack

NO_CLUSTER = "no cluster: point KUBECONFIG to one, and name its context in GONOGO_ALLOW_CONTEXTS"


class HastyPlatform:
    """The cluster platform with readiness probes asked every second, as the tests have no time for Kubernetes' ten."""

    name = "cluster"

    def __init__(self, platform: ClusterPlatform) -> None:
        self.platform = platform

    def start(self, topology: Topology, *, workdir: Path, ready_timeout_s: float) -> ClusterStack:
        """Start with hasty probes."""
        hasty = replace(
            topology,
            workloads=tuple(
                replace(each, containers=tuple(_hasty(one) for one in each.containers)) for each in topology.workloads
            ),
        )
        return self.platform.start(hasty, workdir=workdir, ready_timeout_s=ready_timeout_s)


def _hasty(container: Container) -> Container:
    probe = container.readiness
    if probe is None:
        return container
    quick: Probe = replace(probe, period_s=float(min(1, math.ceil(probe.period_s))))
    return replace(container, readiness=quick)


@pytest.fixture(scope="session")
def cluster() -> ClusterPlatform:
    """The cluster of KUBECONFIG, if it was given for these tests."""
    allowed = os.environ.get("GONOGO_ALLOW_CONTEXTS", "").replace(",", " ").split()
    if not os.environ.get("KUBECONFIG") or current_context() not in allowed:
        pytest.skip(NO_CLUSTER)
    return ClusterPlatform(allow_contexts=[current_context()], stop_timeout_s=2.0)


@pytest.fixture(scope="session")
def echo_image() -> str:
    """An image on the cluster's nodes that serves on port 8000 as tests/platforms/services/echo.py does."""
    return os.environ.get("GONOGO_ECHO_IMAGE", "gonogo/echo:cluster-test")
