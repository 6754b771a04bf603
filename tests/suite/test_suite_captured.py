"""Which Services of a stack are captured, how, and what is refused; the Envoys before the replicas are real."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from gonogo.capture.inlet import Scope
from gonogo.capture.reading import Reading
from gonogo.errors import UsageError
from gonogo.manifests.findings import Source
from gonogo.manifests.host import Host
from gonogo.manifests.prediction_log import ANNOTATION
from gonogo.manifests.topology import Container, Service, ServicePort, Topology, Workload
from gonogo.mesh.policy.action import Forward
from gonogo.mesh.policy.destination import Destination, Weighted
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.policy.route import Route
from gonogo.mesh.policy.ruling import Ruling
from gonogo.mesh.sidecar import Address, Endpoint, Outlet
from gonogo.platforms.interface import Replica, RunningStack
from gonogo.suite.captured import CapturedServices
from gonogo.suite.parity import Capture, LogOption, capture_of
from gonogo.suite.traffic import Traffic
from gonogo.suite.way import Way
from gonogo.verdicts.grammar import parse

SHARED = Host("shop", "shared")
SOURCE = Source("shop.yaml", 1)


def workload(name: str, annotations: Mapping[str, str] | None = None) -> Workload:
    """Return a Deployment of one replica."""
    return Workload(
        *("Deployment", "shop", name, 1),
        containers=(Container("model", "shop/model:1"),),
        source=SOURCE,
        labels={"app": name},
        annotations=annotations or {},
    )


def service(name: str) -> Service:
    """Return the Service in front of it."""
    return Service("shop", name, (ServicePort(8000, 8000),), {"app": name}, SOURCE)


@dataclass
class FakeStack:
    """Three Services with a replica each, somewhere else than on this machine."""

    folder: Path
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def topology(self) -> Topology:
        names = ("a", "b", "shared")
        return Topology(
            workloads=tuple(workload(name, self.annotations) for name in names),
            services=tuple(service(name) for name in names),
        )

    def replicas(self, name: str = "") -> tuple[Replica, ...]:
        known = [
            Replica(f"shop/{one}/0", ready=True, address=f"192.0.2.{number}", log=self.folder / f"{one}.log")
            for number, one in enumerate(("a", "b", "shared"), start=1)
        ]
        return tuple(one for one in known if name in ("", one.name))


class FakeTraffic:
    """Rules by which Service ``a``, and with ``mixed`` ``b``, too, lead to ``shared``."""

    def __init__(self, folder: Path, *, mixed: bool) -> None:
        self.folder = folder / "sidecar"
        self.service_cores: tuple[int, ...] = ()
        self.way: Way | None = None
        self.changes = ()
        self.policy = Policy(tuple(self.ruling(name) for name in ("a", "b")) if mixed else (self.ruling("a"),))
        self.led: tuple[Outlet, ...] = ()

    @staticmethod
    def ruling(name: str) -> Ruling:
        to = (Weighted(Destination(SHARED), 50), Weighted(Destination(Host("shop", name)), 50))
        return Ruling(Host("shop", name), routes=(Route(Forward(to)),))

    def lead_through(self, way: Way | None) -> None:
        before, self.way = self.way, way
        outlets = tuple(
            Outlet(
                *(Host("shop", name), 8000, None),
                (Endpoint(Address(f"192.0.2.{number}", 8000), {"app": name}, f"shop/{name}/0"),),
            )
            for number, name in enumerate(("a", "b", "shared"), start=1)
        )
        try:
            self.led = outlets if way is None else way(outlets)
        except BaseException:
            self.way = before
            raise


class Bench:
    """A stack with rules, whose Services can be captured."""

    def __init__(self, folder: Path, *, mixed: bool, annotations: Mapping[str, str]) -> None:
        self.stack = FakeStack(folder, annotations)
        self.traffic = FakeTraffic(folder, mixed=mixed)

    def capture(self, name: str, *, log: LogOption = None, kept: int = 1000) -> Capture:
        """Capture a Service."""
        return capture_of(
            cast("Traffic", self.traffic),
            cast("RunningStack", self.stack),
            service(name),
            Reading(),
            Scope(kept_bytes=kept),
            log,
        )

    @property
    def services(self) -> CapturedServices:
        """All captured ones."""
        return cast("CapturedServices", self.traffic.way)


@pytest.fixture
def started() -> Iterator[list[Bench]]:
    """Benches whose proxies are stopped at the end."""
    benches: list[Bench] = []
    yield benches
    for bench in benches:
        if bench.traffic.way is not None:
            bench.traffic.way.stop()


def bench(
    started: list[Bench], folder: Path, *, mixed: bool = False, annotations: Mapping[str, str] | None = None
) -> Bench:
    """Return a bench of its own."""
    started.append(Bench(folder, mixed=mixed, annotations=annotations or {}))
    return started[-1]


def test_replicas_elsewhere_are_reached_through_this_machine(started: list[Bench], tmp_path: Path) -> None:
    """The sidecar is led to loopback addresses for what is captured, and to the replica itself for what is not."""
    made = bench(started, tmp_path)
    made.capture("a")
    addresses = {outlet.host.name: outlet.endpoints[0].address for outlet in made.traffic.led}
    assert (addresses["a"].loopback, addresses["shared"].loopback) == (True, True)
    assert addresses["b"] == Address("192.0.2.2", 8000)
    assert made.services.inlets.origin(str(addresses["a"])) == "192.0.2.1:8000"
    assert "not beside the replicas" in made.services.note()


def test_services_share_the_proxies_of_what_both_lead_to(started: list[Bench], tmp_path: Path) -> None:
    """No proxy stands before a proxy; but whose copies a watchdog would see cannot be told."""
    made = bench(started, tmp_path, mixed=True)
    first, second = made.capture("a"), made.capture("b")
    assert len(made.services.usage()) == 3
    assert (first.shared, second.shared) == (True, True)
    assert first is made.capture("a")


@pytest.mark.parametrize("name", ["a", "b"])
def test_another_way_of_capturing_the_same_is_refused(started: list[Bench], tmp_path: Path, name: str) -> None:
    """Of the Service itself, and of one that leads to the same replicas; the capture that goes on stays."""
    made = bench(started, tmp_path, mixed=True)
    first = made.capture("a")
    with pytest.raises(UsageError, match="in its own way"):
        made.capture(name, kept=2000)
    assert made.capture("a") is first
    assert made.services.get("shop/b") is None


def test_a_criterion_must_say_which_service_it_means(started: list[Bench], tmp_path: Path) -> None:
    """Before anything is sent; where only one of them is asked there is no doubt."""
    made = bench(started, tmp_path, mixed=True)
    made.capture("a")
    made.capture("b")
    claim = parse("mirror.leaked == 0%")
    made.services.check(claim, ["shop/a", ""])
    with pytest.raises(UsageError, match="which Service"):
        made.services.check(claim, ["shop/a", "shop/b"])


def test_an_annotated_service_gets_no_envoy(started: list[Bench], tmp_path: Path) -> None:
    """Its own log is read, requests go to it directly, and the judgment says what that means."""
    made = bench(started, tmp_path, annotations={ANNOTATION: "stdout"})
    assert made.capture("a").by_log
    assert [outlet.endpoints[0].address.ip for outlet in made.traffic.led] == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
    assert made.services.usage() == ()
    assert "own log of shop/a, shop/shared" in made.services.note()


def test_the_suite_may_have_the_envoy_all_the_same(started: list[Bench], tmp_path: Path) -> None:
    """Where a copy that is never answered must be seen, for instance."""
    made = bench(started, tmp_path, annotations={ANNOTATION: "stdout"})
    assert not made.capture("a", log=False).by_log


@pytest.mark.parametrize(("log", "where"), [(None, ANNOTATION), ("{id: x}", "stack.capture")])
def test_a_log_that_cannot_be_read_is_refused(started: list[Bench], tmp_path: Path, log: LogOption, where: str) -> None:
    """The message says whether the manifests or the suite are to be mended."""
    made = bench(started, tmp_path, annotations={ANNOTATION: "{id: x}"})
    with pytest.raises(UsageError, match="no field 'id'") as refused:
        made.capture("a", log=log)
    assert where in str(refused.value)


def test_what_a_log_lost_and_lacks_is_told_with_the_run(started: list[Bench], tmp_path: Path) -> None:
    """As labels that forbid to decide; a log that tells all leaves only that it knows no unanswered copy."""
    made = bench(started, tmp_path)
    capture = made.capture("a", log={"answer": "said", "sequence": "n"})
    made.services.begin(["shop/a"])
    line = '{"request_id": "r", "n": 3, "time": 1, "status": 200, "latency_s": 1, "method": "", "path": "/"}\n'
    (tmp_path / "a.log").write_text(line)
    for feed in made.services.inlets.feeds():
        feed.news()
    told = capture.lacking()
    assert "the log of shop/a lacks" in told["capture.lacking.shop/a"]
    assert "'said'" in told["capture.lacking.shop/a"]
    assert told["capture.lost.shop/a"] == "the log of shop/a lost 2 lines"
    assert "never answered" in told["capture.unarrived.shop/a"]
