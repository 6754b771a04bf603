"""A breaker that is set by measurement: the capacity is found, and its limits hold under twice of it, live."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from fixtures.projects import MANIFEST, Outcome, Project

PROXIES = ("envoy", "nginx")

# A breaker that turns nearly everything away: were it not lifted, no capacity would be found behind it.
BREAKER = """\
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: model, namespace: shop}
spec:
  host: model
  trafficPolicy:
    connectionPool: {tcp: {maxConnections: 1}, http: {http1MaxPendingRequests: 1}}
"""

# The service gives 60/s by the clock: 50/s hold on any machine, and at 100/s the queue grows by 40 requests a second.
SUITE = '''\
"""The breaker of the shop is set by measurement."""
import pytest

pytestmark = [pytest.mark.gate, pytest.mark.stack("manifests")]


def test_the_breaker_is_set_by_measurement(stack, capacity):
    """The limits that follow from the capacity keep the service at it, at twice the rate."""
    found = capacity(
        stack["model"].target("GET", "/"), require=["p90 <= 500ms"], start=50, most=200, precision=1, step="2.5s",
        warmup="0.5s",
    )
    assert found.rate == 50
    assert found.verify().go
'''


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Outcome]:
    """One session behind each proxy, both at once: neither needs much of the machine."""

    def judge(proxy: str) -> Outcome:
        project = Project(tmp_path_factory.mktemp(proxy))
        project.write("manifests/model.yaml", MANIFEST + BREAKER)
        project.write("suites/test_model.py", SUITE)
        project.serve("single")
        return project.pytest("--gonogo-proxy", proxy, timeout_s=300)

    with ThreadPoolExecutor() as both:
        return dict(zip(PROXIES, both.map(judge, PROXIES), strict=True))


@pytest.fixture(params=PROXIES)
def session(judged: Mapping[str, Outcome], request: pytest.FixtureRequest) -> Outcome:
    """The session behind one of the proxies."""
    return judged[request.param]


def experiment(session: Outcome) -> dict[str, Any]:
    """Return the only experiment of a session."""
    [found] = session.judgment["experiments"]
    assert isinstance(found, dict)
    return found


def test_the_recommendation_holds_at_twice_the_capacity(session: Outcome) -> None:
    """All errors are the breaker's, what is admitted is in time, and the service gives its capacity."""
    verdicts = {one["expression"]: one["verdict"] for one in session.judgment["criteria"]}
    assert verdicts == {
        "breaker.only_breaker_errors == 100%": "GO",
        "admitted.p90 <= 500ms": "GO",
        "goodput >= 45/s": "GO",
    }, session.output


def test_the_breaker_did_turn_requests_away(session: Outcome) -> None:
    """Twice the capacity is more than the service gives: some of the answers were the breaker's 503."""
    [verified] = [run for run in session.judgment["runs"] if not run["observation"]]
    assert verified["summary"]["status"]["503"] >= 0.2 * verified["summary"]["due"], session.output


def test_the_experiment_shows_the_search_and_the_verification(session: Outcome) -> None:
    """Its steps are the rates that were tried and the overload; the rule to paste is beside them."""
    shown = experiment(session)
    steps = [(step["what"], step["outcome"]) for step in shown["steps"]]
    assert [what for what, _ in steps[:2]] == ["50/s", "100/s"], session.output
    assert steps[-1] == ("2 times the capacity, with its limits", "GO"), session.output
    assert "kind: DestinationRule" in shown["attachments"][0]["text"]


def test_the_page_has_it_among_the_experiments(session: Outcome) -> None:
    """Who opens the page finds the verification."""
    page = (session.folder / "index.html").read_text(encoding="utf-8")
    assert "2 times the capacity, with its limits" in page


def test_the_session_is_go(session: Outcome) -> None:
    """What the search tried and did not hold is no criterion."""
    assert session.last_line == "GO", session.output
