"""The pytest plugin: options, marks, fixtures and hooks, all of them thin over wiring.

It is imported by every pytest that finds gonogo installed, so it imports nothing heavy: wiring comes in with the first
gate test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from gonogo.errors import UsageError
from gonogo.gatekeeper import Gatekeeper

if TYPE_CHECKING:
    from gonogo.suite.load import Load
    from gonogo.suite.stack import Stack

__all__: list[str] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; each has a setting of the same name in ``[tool.gonogo]``."""
    group = parser.getgroup("gonogo", "release gates")
    group.addoption("--gonogo-platform", metavar="NAME", help="where stacks run: process")
    group.addoption(
        "--gonogo-attach",
        metavar="SERVICE=URL",
        action="append",
        help="judge a Service that already runs; repeatable; hosts other than loopback must be in allow_hosts",
    )
    group.addoption("--gonogo-report", metavar="DIR", help="folder of the judgment (default: judgment)")
    group.addoption("--gonogo-ready-timeout", metavar="D", help="how long a stack may take to get ready (default: 60s)")
    group.addoption(
        "--gonogo-profile",
        metavar="NAME",
        help="full: runs as long as the suites say (default); ci: 10 s a run, or as long as its criteria need",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marks and, when pytest itself runs, the gatekeeper."""
    config.addinivalue_line("markers", "loadtest: a gate on the latency and success of a service under load")
    config.addinivalue_line(
        "markers",
        "stack(*paths, fresh=False): the manifests to bring up, relative to the root; fresh: shared with no other test",
    )
    config.addinivalue_line("markers", "gate: a gate test that uses neither the stack nor the load fixture")
    config.pluginmanager.register(Gatekeeper(config), "gonogo-gatekeeper")


@pytest.fixture
def stack(request: pytest.FixtureRequest) -> Stack:
    """The stack of the manifests that the ``stack`` mark names, running and ready."""
    mark = request.node.get_closest_marker("stack")
    if mark is None or not mark.args:
        raise UsageError(
            "the stack fixture does not know which manifests to bring up",
            where=request.node.nodeid,
            mend='mark the test: @pytest.mark.stack("manifests/load_test")',
        )
    return _gatekeeper(request).session.stack(mark.args, fresh=bool(mark.kwargs.get("fresh")))


@pytest.fixture
def load(request: pytest.FixtureRequest) -> Load:
    """Drives load and judges it: ``load(target, rate=100, duration="60s", require=["p99 <= 50ms"])``."""
    marked = request.node.get_closest_marker("stack") is not None
    return _gatekeeper(request).session.load(request.node.nodeid, request.getfixturevalue("stack") if marked else None)


def _gatekeeper(request: pytest.FixtureRequest) -> Gatekeeper:
    return cast("Gatekeeper", request.config.pluginmanager.get_plugin("gonogo-gatekeeper"))
