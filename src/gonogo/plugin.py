"""The pytest plugin: options, marks, fixtures and hooks, all of them thin over wiring.

It is imported by every pytest that finds gonogo installed, so it imports nothing heavy: wiring comes in with the first
gate test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from gonogo.errors import AbsentPlatform, UsageError
from gonogo.gatekeeper import Gatekeeper

if TYPE_CHECKING:
    from gonogo.experiments.capacity import CapacitySearch
    from gonogo.experiments.rollout import Rollout
    from gonogo.experiments.scale_out import ScaleOut
    from gonogo.suite.facts import Facts
    from gonogo.suite.load import Load
    from gonogo.suite.stack import Stack

__all__: list[str] = []

SHIPPED_SUITES = {
    # Marks by which the suites that ship are chosen, so that a copy of one needs no conftest.py of its own.
    "batch": "a gate on batch inference: its job, its database, its service",
    "circuit_breaker": "a gate on the circuit breaker in the client's sidecar",
    "condition_based": "a gate on services behind one name, chosen by a header",
    "online_ab": "a gate on a candidate that gets a share of the live traffic",
    "parameter_based": "a gate on the composition proxy and its services",
    "shadow_ab": "a gate on a candidate that gets a copy of the live traffic",
    "soak": "takes minutes; runs only when chosen with -m soak",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; each has a setting of the same name in ``[tool.gonogo]``."""
    group = parser.getgroup("gonogo", "release gates")
    group.addoption("--gonogo-platform", metavar="NAME", help="where stacks run: process, docker, cluster, kind")
    group.addoption(
        "--gonogo-require-platform",
        action="store_true",
        default=None,
        help="fail when this machine does not have the platform; without it, gate tests are skipped, and no GO comes",
    )
    group.addoption(
        "--gonogo-attach",
        metavar="SERVICE=URL",
        action="append",
        help="judge a Service that already runs; repeatable; hosts other than loopback must be in allow_hosts",
    )
    group.addoption("--gonogo-proxy", metavar="NAME", help="what carries out traffic rules: envoy (default), nginx")
    group.addoption(
        "--gonogo-generator",
        metavar="WHERE",
        help="where load is sent from: here (default), or inside, beside the stack's replicas",
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
        "stack(*paths, fresh=False, proxy=''): the manifests to bring up, relative to the root; fresh: shared with no"
        " other test; proxy: what carries out their traffic rules, envoy or nginx",
    )
    config.addinivalue_line("markers", "gate: a gate test that uses neither the stack nor the load fixture")
    for name, what in SHIPPED_SUITES.items():
        config.addinivalue_line("markers", f"{name}: {what}")
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
    session = _gatekeeper(request).session
    try:
        return session.stack(mark.args, fresh=bool(mark.kwargs.get("fresh")), proxy=str(mark.kwargs.get("proxy", "")))
    except AbsentPlatform as error:
        if session.settings.require_platform:
            raise
        pytest.skip(f"{error} (--gonogo-require-platform makes this an error)")


@pytest.fixture
def load(request: pytest.FixtureRequest) -> Load:
    """Drives load and judges it: ``load(target, rate=100, duration="60s", require=["p99 <= 50ms"])``."""
    marked = request.node.get_closest_marker("stack") is not None
    return _gatekeeper(request).session.load(request.node.nodeid, request.getfixturevalue("stack") if marked else None)


@pytest.fixture
def capacity(request: pytest.FixtureRequest) -> CapacitySearch:
    """Finds the highest rate at which criteria hold: ``capacity(target, require=["p99 <= 50ms"]).rate``."""
    marked = request.node.get_closest_marker("stack") is not None
    stack = request.getfixturevalue("stack") if marked else None
    return _gatekeeper(request).session.capacity(request.node.nodeid, stack)


@pytest.fixture
def rollout(request: pytest.FixtureRequest, stack: Stack) -> Rollout:
    """Rolls a candidate out step by step: ``rollout(target, service="iris", current="svc", candidate="rf", …).go``."""
    return _gatekeeper(request).session.rollout(request.node.nodeid, stack)


@pytest.fixture
def facts(request: pytest.FixtureRequest) -> Facts:
    """Takes counts and times of the suite's own as criteria: ``facts.require("batch.rows_lost == 0", lost)``."""
    return _gatekeeper(request).session.facts(request.node.nodeid)


@pytest.fixture
def scale_out(request: pytest.FixtureRequest, stack: Stack) -> ScaleOut:
    """Drives a load and tells how the breaker's rejections fall as replicas arrive: ``scale_out(target, rate=…)``."""
    return _gatekeeper(request).session.scale_out(request.node.nodeid, stack)


def _gatekeeper(request: pytest.FixtureRequest) -> Gatekeeper:
    return cast("Gatekeeper", request.config.pluginmanager.get_plugin("gonogo-gatekeeper"))
