"""Traffic rules on a running stack: what goes through the sidecar, changes under load, and what a run keeps of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from gonogo.errors import StackError, UsageError
from gonogo.load import driver
from gonogo.load.locust import driver as locust_driver
from gonogo.load.locust.plan import LocustPlan, LocustUser
from gonogo.load.plan import LoadPlan
from gonogo.load.target import Target
from gonogo.manifests.build import topology
from gonogo.manifests.host import Host
from gonogo.manifests.syntax import parse
from gonogo.manifests.topology import Service, Topology
from gonogo.mesh import read
from gonogo.mesh.policy.policy import Policy
from gonogo.platforms.interface import Endpoint, Replica, RunningStack
from gonogo.runs.run import Run
from gonogo.suite.outlets import outlets_of, unclear_subsets
from gonogo.suite.stack import Stack
from gonogo.suite.traffic import Traffic
from gonogo.suite.users import addresses
from gonogo.suite.witness import Witness
from tests.contracts.waiting import eventually
from tests.mesh.backends import Backend, Backends
from tests.mesh.world import NAMESPACE, TWO_VERSIONS, manifests
from tests.mesh.world import Stack as Declared

SHOPPER = """
from locust import FastHttpUser, constant, task

class Shopper(FastHttpUser):
    wait_time = constant(0.05)

    @task
    def ask(self):
        with self.client.get("/", catch_response=True) as answer:
            if answer.status_code != 200 or answer.json()["backend"] != "iris-rf":
                answer.failure("another model answered")
"""
DOCUMENTS = parse(manifests({"iris": Declared(TWO_VERSIONS), "plain": Declared("", {"svc": 1})}), "stack.yaml")
WAIT_S = 10.0


class FakeRunning:
    """A stack whose replicas are servers of the test, one of each version; those that are down are not ready."""

    def __init__(self, declared: Topology, replicas: dict[str, Backend]) -> None:
        self.topology = declared
        self.by_workload = replicas
        self.down: set[str] = set()
        self.seen = True

    def endpoints(self, service: Service, port: int | str | None = None) -> tuple[Endpoint, ...]:
        del port
        names = [workload.name for workload in self.topology.behind(service)]
        found = [Endpoint("127.0.0.1", self.by_workload[name].port) for name in names if name not in self.down]
        if not found:
            raise StackError("no replica is ready")
        return tuple(found)

    def replicas(self, service: str = "") -> tuple[Replica, ...]:
        del service
        names = self.by_workload if self.seen else ()
        return tuple(Replica(f"{NAMESPACE}/{name}/0", name not in self.down, "127.0.0.1", Path()) for name in names)

    def kill(self, replica: str) -> None:
        self.down.add(replica.split("/")[1])

    def as_stack(self) -> RunningStack:
        return cast("RunningStack", self)


@pytest.fixture(scope="module")
def backends() -> Iterator[Backends]:
    """The servers."""
    made = Backends()
    yield made
    made.close()


@pytest.fixture(scope="module")
def running(backends: Backends) -> FakeRunning:
    """A stack of two Services, one of them with rules."""
    names = ("iris-svc", "iris-rf", "plain-svc")
    return FakeRunning(topology(DOCUMENTS).require(), {name: backends.start(name) for name in names})


@pytest.fixture(scope="module")
def sidecar(running: FakeRunning, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traffic]:
    """The rules, carried out by a real Envoy."""
    made = Traffic(running.as_stack(), read(DOCUMENTS), "envoy", folder=tmp_path_factory.mktemp("sidecar"))
    yield made
    made.stop()


@pytest.fixture
def acting(running: FakeRunning, sidecar: Traffic) -> Iterator[Stack]:
    """The stack as a test gets it; what it changed is taken back."""
    yield Stack(running.as_stack(), traffic=sidecar)
    running.down.clear()
    sidecar.reset()
    sidecar.refresh()


def who(acting: Stack, service: str = "iris", *, direct: bool = False) -> str:
    """Return who answers a request to a Service."""
    with acting[service].client(direct=direct) as client:
        name: str = client.get("/").json()["backend"]
    return name


def drive(
    acting: Stack, *targets: Target, folder: Path, rate: float = 50.0, duration_s: float = 1.0
) -> tuple[Run, Witness]:
    """Drive a short load as the load fixture does and return it with what the sidecar saw."""
    witness = Witness(acting, targets)
    plan = LoadPlan("short", targets, rate=rate, duration_s=duration_s, warmup_s=0.0, timeout_s=5.0)
    with driver.start(plan, folder) as load:
        run = load.wait()
    return witness.told(run), witness


def test_a_service_with_rules_is_reached_through_the_sidecar(acting: Stack) -> None:
    """Its targets and clients go to the sidecar's address; those of another Service go to the replicas."""
    [(host, port)] = acting["iris"].target("GET", "/").endpoints
    assert (host.startswith("127.1."), port) == (True, 8000)
    assert acting["plain"].target("GET", "/").endpoints == (
        ("127.0.0.1", cast("FakeRunning", acting.running).by_workload["plain-svc"].port),
    )
    assert (who(acting), who(acting, "plain")) == ("iris-svc", "plain-svc")


def test_a_direct_target_goes_past_the_sidecar(acting: Stack) -> None:
    """Its endpoints are the replicas themselves, and nothing is added to its requests."""
    target = acting["iris"].target("GET", "/", direct=True)
    assert {host for host, _ in target.endpoints} == {"127.0.0.1"}
    assert target.headers == ()


def test_a_target_by_url_goes_through_the_sidecar(acting: Stack) -> None:
    """A target file's host that is a Service with rules is resolved to the sidecar."""
    aimed = acting.aim.resolve(Target.build("GET", f"http://iris.{NAMESPACE}:8000/"))
    assert aimed.endpoints == acting["iris"].target("GET", "/").endpoints


def test_weights_act_at_once(acting: Stack) -> None:
    """The next request goes to the other subset, and the change is known."""
    change = acting.traffic.set_weights("iris", {"svc": 0, "rf": 100}, why="a try")
    assert who(acting) == "iris-rf"
    assert acting.traffic.changes == (change,)
    assert str(change) == "weights of iris: svc 0, rf 100 (a try)"


def test_reset_goes_back_to_the_manifests(acting: Stack) -> None:
    """After reset() the declared rules act, and no change is left."""
    declared = acting.traffic.policy
    acting.traffic.set_weights("iris", {"rf": 100})
    acting.traffic.reset()
    assert (who(acting), acting.traffic.changes, acting.traffic.policy) == ("iris-svc", (), declared)


def test_a_mirror_gets_copies_until_it_is_stopped(acting: Stack, running: FakeRunning) -> None:
    """Copies bear the request's own id; after the stop there are none."""
    shadow = running.by_workload["iris-rf"]
    before = len(shadow.received)
    acting.traffic.set_mirror("iris", "rf", 100)
    with acting["iris"].client() as client:
        client.get("/", headers={"x-request-id": "copied"})
    eventually(lambda: len(shadow.received) == before + 1, WAIT_S)
    assert shadow.received[-1].headers["x-request-id"] == "copied"
    acting.traffic.stop_mirror("iris")
    assert [route.action.mirrors for route in acting.traffic.policy.of(Host(NAMESPACE, "iris")).routes or ()] == [()]  # type: ignore[union-attr] # every route of this policy forwards


def test_limits_are_set_and_lifted(acting: Stack) -> None:
    """What is not given stays; None is no limit."""
    host = Host(NAMESPACE, "iris")
    acting.traffic.set_limits("iris", max_pending_requests=7)
    pool = acting.traffic.policy.of(host).traffic.pool
    assert pool is not None
    assert (pool.max_connections, pool.max_pending) == (200, 7)
    acting.traffic.set_limits("iris", max_connections=None, max_pending_requests=None)
    pool = acting.traffic.policy.of(host).traffic.pool
    assert pool is not None
    assert (pool.max_connections, pool.max_pending) == (None, None)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"svc": 50, "rf": 40}, "add up to 90"),
        ({"svc": 50, "xx": 50}, "'xx' is no subset"),
        ({"xx": 100}, "'xx' is no subset"),
    ],
    ids=["sum of 90", "unknown subset", "unknown alone"],
)
def test_weights_that_cannot_be_are_refused(acting: Stack, weights: dict[str, int], message: str) -> None:
    """Nothing changes, and the message says what would do."""
    before = acting.traffic.policy
    with pytest.raises(UsageError, match=message):
        acting.traffic.set_weights("iris", weights)
    assert acting.traffic.policy == before


def test_a_limit_below_1_is_refused(acting: Stack) -> None:
    """No limit is None, not 0."""
    with pytest.raises(UsageError, match="or None"):
        acting.traffic.set_limits("iris", max_connections=0)


def test_a_change_that_makes_no_policy_is_refused(acting: Stack) -> None:
    """A function that returns nothing is told so."""
    with pytest.raises(UsageError, match="return a Policy"):
        acting.traffic.apply(lambda _: cast("Policy", None))


def test_replicas_are_followed(acting: Stack, running: FakeRunning) -> None:
    """A replica that gets ready is used without being told."""
    running.down.add("iris-svc")
    eventually(
        lambda: not [one for one in outlets_of(running.as_stack())[0].endpoints if one.labels["version"] == "svc"], 1
    )
    acting.traffic.refresh()
    with acting["iris"].client() as client:
        assert client.get("/").status_code == 503
        running.down.clear()
        eventually(lambda: client.get("/").status_code == 200, WAIT_S)


def test_a_killed_replica_is_known_at_once(acting: Stack) -> None:
    """After kill() the sidecar sends nothing to it any more."""
    acting.kill(f"{NAMESPACE}/iris-svc/0")
    with acting["iris"].client() as client:
        assert client.get("/").status_code == 503


def test_records_are_joined_to_the_run(acting: Stack, tmp_path: Path) -> None:
    """Every request has its flags, destination and replica, found by its id."""
    run, witness = drive(acting, acting["iris"].target("GET", "/"), folder=tmp_path)
    further = run.columns.extracted
    assert Counter(further["sidecar_flags"]) == {"": 50}
    assert Counter(further["sidecar_service"]) == {f"{NAMESPACE}/iris": 50}
    assert Counter(further["sidecar_subset"]) == {"svc": 50}
    assert len(set(further["request_id"])) == 50
    assert witness.notes == (acting.traffic.note,)


def test_the_sidecars_usage_is_that_of_the_run(acting: Stack, tmp_path: Path) -> None:
    """It stands under its own name, with CPU time and memory."""
    _, witness = drive(acting, acting["iris"].target("GET", "/"), folder=tmp_path)
    [usage] = witness.usage()
    assert usage.replica == "sidecar"
    assert 0 <= usage.cpu_s < 60
    assert usage.rss_max > 1_000_000


def test_headers_of_targets_are_columns(acting: Stack, tmp_path: Path) -> None:
    """A header that a target sends stands beside each of its requests, be it filled anew for each of them."""
    constant = acting["iris"].target("GET", "/a", headers={"Target": "mountain"})
    filled = acting["iris"].target("GET", "/b", headers={"Target": "{row.to}"}, data=[{"to": "plant"}])
    without = acting["iris"].target("GET", "/c")
    run, _ = drive(acting, constant, filled, without, folder=tmp_path, rate=60.0)
    assert Counter(run.columns.extracted["header.target"]) == {"mountain": 20, "plant": 20, None: 20}


def test_changes_are_notes_of_the_run(acting: Stack, tmp_path: Path) -> None:
    """What was changed before stands there as in force; the way past the sidecar is told, too."""
    acting.traffic.set_limits("iris", max_connections=50, why="a try")
    _, witness = drive(acting, acting["iris"].target("GET", "/"), folder=tmp_path)
    assert witness.notes[1:] == ("beside the manifests' rules: limits of iris: max_connections 50 (a try)",)
    _, witness = drive(acting, acting["iris"].target("GET", "/", direct=True), folder=tmp_path)
    assert witness.notes == ("past the client's sidecar: its traffic rules did not act",)


def test_a_request_id_of_the_users_own_is_kept(acting: Stack) -> None:
    """A header that each request fills anew is what records are found by; a fixed one stays as it is."""
    own = acting["iris"].target("GET", "/", headers={"X-Request-Id": "{request_id}"})
    assert [name for name, _ in own.headers] == ["X-Request-Id"]
    assert {one.name for one in own.extract} == {"request_id"}
    fixed = acting["iris"].target("GET", "/", headers={"x-request-id": "mine"})
    assert fixed.extract == ()


def test_the_column_of_the_id_cannot_be_taken(acting: Stack) -> None:
    """An extraction of the same name from elsewhere is refused, as records could not be found."""
    with pytest.raises(UsageError, match="request_id"):
        acting["iris"].target("GET", "/", extract={"request_id": "$.id"})


def test_without_rules_there_is_no_traffic(running: FakeRunning) -> None:
    """A stack whose manifests declare none says so."""
    with pytest.raises(UsageError, match="no traffic rules act"):
        _ = Stack(running.as_stack()).traffic


def test_subsets_of_a_stack_that_is_attached_to_are_unclear(running: FakeRunning) -> None:
    """Where single replicas are not seen, a subset of Pods with labels of their own cannot be told apart."""
    attached = FakeRunning(running.topology, running.by_workload)
    attached.seen = False
    policy = read(DOCUMENTS)
    assert unclear_subsets(policy, attached.as_stack()) == (f"{NAMESPACE}/iris (svc)", f"{NAMESPACE}/iris (rf)")
    assert unclear_subsets(policy, running.as_stack()) == ()


def test_labels_come_from_the_workload_where_addresses_do_not_tell(running: FakeRunning) -> None:
    """Replicas that share one address are told apart by asking for each workload's own."""
    iris = next(outlet for outlet in outlets_of(running.as_stack()) if outlet.host.name == "iris")
    ports = {entry.labels["version"]: entry.address.port for entry in iris.endpoints}
    assert ports == {
        "svc": running.by_workload["iris-svc"].port,
        "rf": running.by_workload["iris-rf"].port,
    }


def test_locust_users_go_through_the_sidecar(acting: Stack, tmp_path: Path) -> None:
    """A user class asks the Service by its name, and the rules that act decide which model answers."""
    (tmp_path / "users.py").write_text(SHOPPER)
    acting.traffic.set_weights("iris", {"svc": 0, "rf": 100})
    found = addresses(acting)
    user = LocustUser(f"{tmp_path}/users.py:Shopper", f"http://iris.{NAMESPACE}:8000")
    plan = LocustPlan("users", user, users=3, spawn_rate=10.0, duration_s=2.0, timeout_s=30.0, addresses=found)
    with locust_driver.start(plan, tmp_path / "load") as running:
        columns = running.wait().columns
    assert found[f"iris.{NAMESPACE}:8000"] == acting["iris"].target("GET", "/").endpoints
    assert (len(columns) > 3, bool(columns.success.all())) == (True, True)
