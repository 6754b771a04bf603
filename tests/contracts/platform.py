"""What every platform must do. Subclass :class:`PlatformContract` and give it the two fixtures that it names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import httpx
import pytest

from fixtures import client
from fixtures.patience import PATIENCE_S
from gonogo.errors import StackError, UsageError
from gonogo.manifests.topology import HttpGet, Port, Probe, Topology
from gonogo.platforms.interface import Endpoint, Pausable, Platform, RunningStack
from tests.contracts.topologies import HEALTH, container, deployment, service, topology
from tests.contracts.waiting import eventually

__all__ = ["PlatformContract", "ask"]

_START_S = PATIENCE_S
_HANGS_S = 2.0


def ask(endpoint: Endpoint, path: str) -> object:
    """GET a path of a service and return its JSON."""
    return client.get(f"http://{endpoint.host}:{endpoint.port}{path}").json()


def _declared(image: str) -> Topology:
    """Two replicas behind one Service, and a Service that selects nothing."""
    web = deployment(
        "web",
        container(image, env={"GREETING": "hello"}, ports=(Port(8000, "http"),), readiness=HEALTH),
        replicas=2,
    )
    return topology(web, services=(service("web", 80, "http"), service("nobody")))


class PlatformContract:
    """The contract. A subclass gives two fixtures.

    - ``platform``, in the scope of the class: the :class:`~gonogo.platforms.interface.Platform`;
    - ``image``, likewise: name of an image that serves on port 8000, as tests/platforms/services/echo.py does.

    Attributes:
        never_ready_s: time in which the platform has asked a failing probe and heard of it.
        pauses: whether its stacks are :class:`~gonogo.platforms.interface.Pausable`.
    """

    never_ready_s: ClassVar[float] = 1.5
    pauses: ClassVar[bool] = True

    @pytest.fixture
    def running(self, platform: Platform, image: str, tmp_path: Path) -> Iterator[RunningStack]:
        """A stack of the test's own, to be hurt."""
        with platform.start(_declared(image), workdir=tmp_path, ready_timeout_s=_START_S) as running:
            yield running

    @pytest.fixture(scope="class")
    @classmethod
    def steady(cls, platform: Platform, image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
        """A stack that is only looked at."""
        workdir = tmp_path_factory.mktemp("steady")
        with platform.start(_declared(image), workdir=workdir, ready_timeout_s=_START_S) as running:
            yield running

    @pytest.fixture
    def pausable(self, request: pytest.FixtureRequest) -> Pausable:
        """``running``, where replicas can be paused."""
        if not self.pauses:
            pytest.skip("replicas cannot be paused on this platform")
        running = request.getfixturevalue("running")
        assert isinstance(running, Pausable)
        return running

    def test_start_returns_when_every_replica_is_ready(self, steady: RunningStack) -> None:
        """After start() all replicas are ready, named namespace/workload/ordinal, in order."""
        assert [(each.name, each.ready) for each in steady.replicas()] == [("shop/web/0", True), ("shop/web/1", True)]

    def test_replicas_can_be_asked_for_by_service(self, steady: RunningStack) -> None:
        """A Service's name, short or full, selects the replicas behind it."""
        assert steady.replicas("web") == steady.replicas("shop/web") == steady.replicas()
        assert steady.replicas("nobody") == ()

    def test_every_replica_answers_at_an_endpoint_of_its_own(self, steady: RunningStack) -> None:
        """The endpoints of a Service lead to different processes."""
        endpoints = steady.endpoints(steady.topology.service("web"))
        assert len(endpoints) == len({ask(endpoint, "/life") for endpoint in endpoints}) == 2

    def test_a_port_can_be_named_by_number_or_name(self, steady: RunningStack) -> None:
        """The Service's port number and its name mean the same endpoints as its only port."""
        web = steady.topology.service("web")
        assert steady.endpoints(web) == steady.endpoints(web, 80) == steady.endpoints(web, "http")

    def test_an_unknown_port_is_a_usage_error(self, steady: RunningStack) -> None:
        """A port that the Service does not declare is refused by naming those that it does."""
        with pytest.raises(UsageError, match="no port 81"):
            steady.endpoints(steady.topology.service("web"), 81)

    def test_a_service_without_pods_has_no_endpoints(self, steady: RunningStack) -> None:
        """A selector that matches nothing is told, with where to mend it."""
        with pytest.raises(StackError, match="no endpoints"):
            steady.endpoints(steady.topology.service("nobody"))

    def test_the_environment_is_the_manifests(self, steady: RunningStack) -> None:
        """A declared variable reaches the service."""
        environment = ask(steady.endpoints(steady.topology.service("web"))[0], "/environment")
        assert isinstance(environment, dict)
        assert environment["GREETING"] == "hello"

    def test_usage_is_sampled_for_every_replica(self, steady: RunningStack) -> None:
        """Every replica has used CPU time, holds memory, and was not restarted."""
        for name, sample in steady.sample().items():
            assert sample.replica == name
            assert sample.cpu_s > 0
            assert sample.rss_max >= sample.rss > 1_000_000
            assert sample.restarts == 0
        assert set(steady.sample()) == {"shop/web/0", "shop/web/1"}

    def test_cpu_time_adds_up_over_restarts(self, running: RunningStack) -> None:
        """A replica that was killed and came back has used the time of both its lives."""
        before = running.sample()["shop/web/0"].cpu_s
        running.kill("shop/web/0")
        eventually(lambda: all(each.ready for each in running.replicas()), _START_S)
        assert running.sample()["shop/web/0"].cpu_s > before * 1.1

    def test_peaks_can_be_started_anew(self, steady: RunningStack) -> None:
        """After reset_peaks() the peak is that of now."""
        steady.reset_peaks()
        sample = steady.sample()["shop/web/0"]
        assert sample.rss_max >= sample.rss > 0

    def test_a_killed_replica_leaves_the_endpoints_and_comes_back(self, running: RunningStack) -> None:
        """kill() returns with the replica gone; its restart policy brings it back, counted, at the same name."""
        web = running.topology.service("web")
        before = {ask(endpoint, "/life") for endpoint in running.endpoints(web)}
        running.kill("shop/web/0")
        assert not next(each for each in running.replicas() if each.name == "shop/web/0").ready
        eventually(lambda: all(each.ready for each in running.replicas()), _START_S)
        after = {ask(endpoint, "/life") for endpoint in running.endpoints(web)}
        assert len(after - before) == 1
        assert running.sample()["shop/web/0"].restarts == 1

    def test_a_kill_that_was_asked_for_is_no_problem(self, running: RunningStack) -> None:
        """problems() tells what nobody asked for, and that does not include an injected fault."""
        running.kill("shop/web/1")
        eventually(lambda: all(each.ready for each in running.replicas()), _START_S)
        assert running.problems() == ()

    def test_an_unknown_replica_cannot_be_killed(self, steady: RunningStack) -> None:
        """A wrong name is refused by naming the right ones."""
        with pytest.raises(UsageError, match="shop/web/0"):
            steady.kill("shop/web/9")

    def test_only_what_can_pause_offers_it(self, steady: RunningStack) -> None:
        """A platform that cannot hold a replica where it stands has no such method, so that suites can be told."""
        assert isinstance(steady, Pausable) is self.pauses

    def test_a_paused_replica_hangs_and_goes_on_where_it_stood(self, running: RunningStack, pausable: Pausable) -> None:
        """It takes connections and answers none; resumed, the same process answers, and no restart is counted."""
        endpoints = running.endpoints(running.topology.service("web"))
        lives = [ask(endpoint, "/life") for endpoint in endpoints]
        pausable.pause("shop/web/0")
        pausable.pause("shop/web/0")
        with ThreadPoolExecutor(len(endpoints)) as threads:
            asked = [threads.submit(ask, endpoint, "/life") for endpoint in endpoints]
            wait(asked, PATIENCE_S, FIRST_COMPLETED)
            _, hanging = wait(asked, _HANGS_S)
            pausable.resume("shop/web/0")
            pausable.resume("shop/web/0")
            assert len(hanging) == 1
            assert [answer.result() for answer in asked] == lives
        assert running.sample()["shop/web/0"].restarts == 0
        assert running.problems() == ()

    def test_a_paused_replica_can_be_killed(self, running: RunningStack, pausable: Pausable) -> None:
        """It comes back as any other, and its next life is not paused."""
        pausable.pause("shop/web/0")
        running.kill("shop/web/0")
        eventually(lambda: all(each.ready for each in running.replicas()), _START_S)
        assert len({ask(endpoint, "/life") for endpoint in running.endpoints(running.topology.service("web"))}) == 2
        assert running.problems() == ()

    def test_an_unready_replica_leaves_the_endpoints(self, platform: Platform, image: str, tmp_path: Path) -> None:
        """A readiness probe that fails takes the replica out, and one that holds again brings it back."""
        probe = Probe(HEALTH.action, period_s=0.1, timeout_s=PATIENCE_S, failure_threshold=1)
        web = deployment("web", container(image, ports=(Port(8000, "http"),), readiness=probe))
        with platform.start(topology(web), workdir=tmp_path, ready_timeout_s=_START_S) as stack:
            (endpoint,) = stack.endpoints(stack.topology.service("web"))
            url = f"http://{endpoint.host}:{endpoint.port}"
            client.post(f"{url}/sick")
            eventually(lambda: not stack.replicas()[0].ready)
            with pytest.raises(StackError, match="no replica"):
                stack.endpoints(stack.topology.service("web"))
            client.post(f"{url}/well")
            eventually(lambda: stack.replicas()[0].ready)

    def test_what_never_gets_ready_fails_the_start(self, platform: Platform, image: str, tmp_path: Path) -> None:
        """The error names the replica and the probe, and nothing is left running."""
        probe = Probe(HttpGet("/nowhere", 8000), timeout_s=PATIENCE_S)
        web = deployment("web", container(image, ports=(Port(8000, "http"),), readiness=probe))
        for times in (1, 5, 40):  # a busy machine has not asked the probe within the first
            with pytest.raises(StackError) as caught:
                platform.start(topology(web), workdir=tmp_path, ready_timeout_s=times * self.never_ready_s)
            if "404" in str(caught.value):
                break
        assert re.search(r"shop/web/0.*not ready within.*/nowhere.*404", str(caught.value))

    def test_stopping_twice_is_safe(self, running: RunningStack) -> None:
        """After stop() no endpoint answers, and a second stop() does nothing."""
        (endpoint, _) = running.endpoints(running.topology.service("web"))
        running.stop()
        running.stop()
        with pytest.raises(httpx.TransportError):
            client.get(f"http://{endpoint.host}:{endpoint.port}/pid")

    def test_a_stopped_stack_can_still_be_looked_at(self, running: RunningStack) -> None:
        """Replicas, samples, problems and notes stay readable; nothing is ready."""
        running.stop()
        assert [each.ready for each in running.replicas()] == [False, False]
        assert set(running.sample()) == {"shop/web/0", "shop/web/1"}
        assert running.problems() == ()
        assert isinstance(running.notes(), tuple)

    def test_leaving_with_an_error_stops_the_stack(self, platform: Platform, image: str, tmp_path: Path) -> None:
        """An exception inside the with block ends everything too."""
        web = deployment("web", container(image, ports=(Port(8000, "http"),), readiness=HEALTH))
        with (
            suppress(ZeroDivisionError),
            platform.start(topology(web), workdir=tmp_path, ready_timeout_s=_START_S) as stack,
        ):
            (endpoint,) = stack.endpoints(stack.topology.service("web"))
            raise ZeroDivisionError
        with pytest.raises(httpx.TransportError):
            client.get(f"http://{endpoint.host}:{endpoint.port}/pid")

    def test_logs_stay_after_the_stop(self, running: RunningStack) -> None:
        """What a replica wrote can be read when it is gone."""
        running.stop()
        assert all("listening" in each.log.read_text() for each in running.replicas())
