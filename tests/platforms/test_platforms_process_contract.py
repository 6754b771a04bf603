"""The process platform keeps the contract of all platforms, with control groups and without."""

import pytest

from gonogo.platforms.interface import Platform
from gonogo.platforms.process import ProcessPlatform
from gonogo.platforms.process.cgroups.choice import CONTROLLERS, Choice
from tests.contracts.platform import PlatformContract
from tests.platforms.machine import ECHO


class TestProcessPlatform(PlatformContract):
    """On this machine as it is."""

    @pytest.fixture(scope="class")
    @classmethod
    def platform(cls) -> Platform:
        """Processes."""
        return ProcessPlatform({"echo:*": ECHO})

    @pytest.fixture(scope="class")
    @classmethod
    def image(cls) -> str:
        """The small HTTP service."""
        return "echo:1"


class TestProcessPlatformWithoutControlGroups(TestProcessPlatform):
    """On a machine that lets us make no control groups."""

    @pytest.fixture(scope="class")
    @classmethod
    def platform(cls) -> Platform:
        """Processes, told that there are no control groups."""
        return ProcessPlatform({"echo:*": ECHO}, choice=Choice(reasons=dict.fromkeys(CONTROLLERS, "not delegated")))
