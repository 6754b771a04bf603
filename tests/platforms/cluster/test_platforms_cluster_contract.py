"""The cluster platform keeps the contract of all platforms, against a real API server, scheduler and kubelet."""

from __future__ import annotations

from typing import ClassVar

import pytest

from gonogo.platforms.cluster import ClusterPlatform
from gonogo.platforms.interface import Platform
from tests.contracts.platform import PlatformContract
from tests.platforms.cluster.conftest import HastyPlatform


class TestClusterPlatform(PlatformContract):
    """In the cluster of KUBECONFIG."""

    never_ready_s: ClassVar[float] = 8.0
    pauses: ClassVar[bool] = False

    @pytest.fixture(scope="class")
    @classmethod
    def platform(cls, cluster: ClusterPlatform) -> Platform:
        """A cluster whose readiness probes are asked every second."""
        return HastyPlatform(cluster)

    @pytest.fixture(scope="class")
    @classmethod
    def image(cls, echo_image: str) -> str:
        """The small HTTP service."""
        return echo_image
