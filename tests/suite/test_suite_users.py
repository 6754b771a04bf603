"""Locust users: a scenario of several steps driven by Locust in a process of its own, judged like any load."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import dedent
from urllib.parse import urlsplit

import numpy as np
import pytest

from gonogo.errors import MissingPart, StackError, TargetError, UsageError
from gonogo.load.locust.driver import start
from gonogo.load.locust.plan import LocustPlan, LocustUser, locust_user
from gonogo.load.locust.record import error_kind
from gonogo.load.locust.rows import ROW, read_rows
from gonogo.load.target import Target
from gonogo.manifests.findings import Source
from gonogo.manifests.topology import Service, ServicePort, Topology
from gonogo.runs.run import ERRORS
from gonogo.suite.live import LiveLoad
from gonogo.suite.load import Bench, Load
from gonogo.suite.order import LoadOptions
from gonogo.suite.placement import Placement
from gonogo.suite.users import addresses, order_users
from gonogo.verdicts.verdict import Outcome
from tests.contracts.waiting import eventually
from tests.suite.test_suite_load import Notebook

Serve = Callable[[str], str]

USERS = """
    from locust import FastHttpUser, HttpUser, constant, task

    class Shopper(HttpUser):
        wait_time = constant(0.02)

        @task
        def shop(self):
            self.client.get("/", name="/list")
            with self.client.get("/", name="/detail", catch_response=True) as answer:
                if "never" not in answer.text:
                    answer.failure("no detail")

    class Fast(FastHttpUser):
        wait_time = constant(0.02)

        @task
        def ask(self):
            self.client.get("/")

    class Broken(Fast):
        @task
        def ask(self):
            raise KeyError("x")

    class Nobody:
        pass
"""


@pytest.fixture
def users(tmp_path: Path) -> Path:
    """A file with user classes."""
    path = tmp_path / "users.py"
    path.write_text(dedent(USERS))
    return path


@pytest.fixture
def driven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """A load whose runs are kept in memory, with a lock of its own."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    bench = Bench(Placement((), ()), short=False, remeasure=0, allows="127.0.0.1".__eq__, announce=lambda _: None)
    return Load(bench, Notebook(tmp_path), "tests::here", None)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _plan(users: Path, name: str, host: str, **changes: object) -> LocustPlan:
    settings = {"users": 5, "spawn_rate": 100.0, "duration_s": 1.0, "timeout_s": 2.0, **changes}
    return LocustPlan("load", LocustUser(f"{users}:{name}", host), **settings)  # type: ignore[arg-type] # as named


def test_a_scenario_of_several_steps_is_judged(driven: Load, users: Path, serve: Serve) -> None:
    """Each step is a target; a check of the scenario that fails is a failure though the status is 200."""
    run = driven(
        locust_user(f"{users}:Shopper", host=_origin(serve("sound"))),
        users=5,
        duration="5s",
        require=["success[GET /list] >= 90%", "success[GET /detail] >= 90%"],
    )
    assert [verdict.outcome for verdict in run.verdicts] == [Outcome.GO, Outcome.NO_GO]
    assert set(run.facts.targets) == {"GET /list", "GET /detail"}
    assert {ERRORS[code] for code in np.unique(run.columns.error)} == {"", "check"}


def test_the_judgment_says_what_a_closed_loop_cannot_tell(driven: Load, users: Path, serve: Serve) -> None:
    """Coordinated omission, missing due times and an unknown lag stand beside the figures."""
    run = driven(locust_user(f"{users}:Fast", host=_origin(serve("sound"))), users=3, duration="1s")
    note = driven._recorder.runs[0].notes[0]  # type: ignore[attr-defined] # the notebook of the fixture
    assert "coordinated omission" in note
    assert run.summary["lag_s"] == {"p50": None, "p99": None, "max": None}
    assert len(run.columns) > 20


def test_services_are_found_by_name(users: Path, tmp_path: Path, serve: Serve) -> None:
    """What stands for a Service's host and port is asked in its place, under the Service's own name."""
    parts = urlsplit(serve("sound"))
    assert parts.hostname is not None
    addresses = {"iris-svc.default:8000": ((parts.hostname, parts.port or 80),)}
    plan = _plan(users, "Shopper", "http://iris-svc.default:8000", addresses=addresses)
    with start(plan, tmp_path) as running:
        columns = running.wait().columns
    assert np.count_nonzero(columns.status == 200) == len(columns) > 10


def test_hosts_that_are_not_allowed_are_not_reached(users: Path, tmp_path: Path) -> None:
    """A scenario cannot load somebody else's host: its name is not resolved."""
    with start(_plan(users, "Fast", "http://example.invalid"), tmp_path) as running:
        columns = running.wait().columns
    assert not columns.success.any()
    assert {ERRORS[code] for code in np.unique(columns.error)} == {"dns"}


def test_nobody_listens(users: Path, tmp_path: Path) -> None:
    """Refused connections are called so."""
    with start(_plan(users, "Shopper", "http://127.0.0.1:9"), tmp_path) as running:
        columns = running.wait().columns
    assert {ERRORS[code] for code in np.unique(columns.error)} == {"refused"}


def test_users_whose_code_raises_say_nothing_of_the_service(users: Path, tmp_path: Path, serve: Serve) -> None:
    """Such a run is INVALID and names what was raised."""
    with start(_plan(users, "Broken", _origin(serve("sound"))), tmp_path) as running:
        facts = running.wait().facts
    assert not facts.valid


@pytest.mark.parametrize(
    ("name", "why"), [("Nobody", "no Locust user class Nobody"), ("Fast", "has no host")], ids=["no user", "no host"]
)
def test_a_class_that_cannot_be_used_is_refused(users: Path, tmp_path: Path, name: str, why: str) -> None:
    """What is wrong with it is said before anything is sent."""
    with pytest.raises(TargetError, match=why):
        start(_plan(users, name, ""), tmp_path)


def test_without_locust_the_extra_is_named(users: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing part is no fault of the service."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(MissingPart, match=r"gonogo\[locust\]"):
        start(_plan(users, "Fast", "http://127.0.0.1:9"), tmp_path)


def test_stopping_ends_the_users_soon(users: Path, tmp_path: Path, serve: Serve) -> None:
    """A load that is stopped is cut short, and its process is gone."""
    with start(_plan(users, "Fast", _origin(serve("sound")), duration_s=60.0), tmp_path) as running:
        running.stop("enough")
        facts = running.wait().facts
        (pid,) = running.pids
    assert facts.cut_short == "enough"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.fixture
def _ctrl_c() -> Iterator[None]:
    """Have SIGINT raise KeyboardInterrupt, also where the tests run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def _interrupted_after(requests: int, live: LiveLoad) -> None:
    eventually(lambda: live.progress().done >= requests)
    signal.raise_signal(signal.SIGINT)


@pytest.mark.usefixtures("_ctrl_c")
def test_ctrl_c_keeps_what_the_users_measured(driven: Load, users: Path, serve: Serve) -> None:
    """The run stands in the judgment, cut short and with its rows, and the interruption goes on to who waits."""
    shoppers = locust_user(f"{users}:Fast", host=_origin(serve("sound")))
    with (
        pytest.raises(KeyboardInterrupt),
        driven.running(shoppers, users=3, duration="120s", require=["success >= 50%"]) as live,
    ):
        _interrupted_after(20, live)
    assert len(live.run.columns) >= 20
    assert live.run.facts.cut_short
    assert live.run.go.outcome is Outcome.INCONCLUSIVE


@pytest.mark.usefixtures("_ctrl_c")
def test_ctrl_c_while_waiting_for_users_gives_the_run(users: Path, tmp_path: Path, serve: Serve) -> None:
    """wait() returns what was measured and says that it was interrupted; the users' process is gone."""
    with start(_plan(users, "Fast", _origin(serve("sound")), duration_s=120.0), tmp_path) as running:

        def interrupt() -> None:
            eventually(lambda: running.progress().done >= 20)
            os.kill(os.getpid(), signal.SIGINT)

        with ThreadPoolExecutor(1) as hand:
            done = hand.submit(interrupt)
            run = running.wait()
            done.result()
        (pid,) = running.pids
    assert (running.interrupted, len(run.columns) >= 20) == (True, True)
    assert run.facts.cut_short == "interrupted (Ctrl-C)"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_killed_parent_leaves_no_users(users: Path, tmp_path: Path, serve: Serve) -> None:
    """After kill -9 of who started them, the kernel ends the users' process."""
    script = dedent(f"""
        import sys
        from pathlib import Path
        from gonogo.load.locust.driver import start
        from gonogo.load.locust.plan import LocustPlan, LocustUser
        user = LocustUser("{users}:Fast", "{_origin(serve("sound"))}")
        running = start(LocustPlan("load", user, 2, 10.0, 60.0), Path("{tmp_path}"))
        print(running.pids[0], flush=True)
        running.wait()
    """)
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        users_pid = int(parent.stdout.readline())
        watched = os.pidfd_open(users_pid)
        parent.send_signal(signal.SIGKILL)
    ready, _, _ = select.select([watched], [], [], 10.0)
    os.close(watched)
    assert ready


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({}, "give users="),
        ({"users": 5, "rate": 100}, "rate= for Locust users"),
        ({"users": 5, "require": "lag.p99 <= 1ms"}, "cannot be told"),
        ({"users": 0}, "0 users"),
    ],
)
def test_what_such_a_load_cannot_take_is_refused(options: LoadOptions, why: str) -> None:
    """Every wrong option is a usage error before anything starts."""
    with pytest.raises(UsageError, match=why):
        order_users(LocustUser("users:A"), options, name="here", stack=None, cores=())


@dataclass(frozen=True)
class OneService:
    """A stack, and its aim, with one Service that two replicas stand behind, and one that nobody does."""

    @property
    def aim(self) -> OneService:
        return self

    @property
    def topology(self) -> Topology:
        source = Source("iris.yaml", 1)
        ports = (ServicePort(8000, 8000),)
        return Topology(services=tuple(Service("default", name, ports, {}, source) for name in ("iris-svc", "gone")))

    def resolve(self, target: Target) -> Target:
        if "gone" in target.url:
            raise StackError("no replica is ready")
        return replace(target, endpoints=(("127.9.0.1", 8000), ("127.9.0.2", 8000)))


def test_every_name_of_a_service_leads_to_its_replicas() -> None:
    """As inside of a cluster: short, with the namespace, and in full; a Service without a replica is not found."""
    found = addresses(OneService())  # type: ignore[arg-type] # what is asked of a stack is all that it has
    assert set(found) == {
        f"iris-svc{rest}:8000" for rest in ("", ".default", ".default.svc", ".default.svc.cluster.local")
    }
    assert found["iris-svc:8000"] == (("127.9.0.1", 8000), ("127.9.0.2", 8000))


@pytest.mark.parametrize(
    ("source", "kept"), [("users:A", "users:A"), ("package.users.A", "package.users:A")], ids=["colon", "dotted"]
)
def test_a_class_is_named_in_a_file_or_a_module(source: str, kept: str) -> None:
    """Both ways of writing a module's class mean the same."""
    assert locust_user(source).source == kept


def test_a_file_that_is_not_there_is_refused() -> None:
    """The path is told as it was understood."""
    with pytest.raises(TargetError, match=r"/nowhere/users\.py: there is no such file"):
        locust_user("/nowhere/users.py:A")


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (200, None, ""),
        (500, ValueError("500 Server Error"), ""),
        (200, ValueError("wrong text"), "check"),
        (0, ConnectionError(ConnectionRefusedError()), "refused"),
        (0, TimeoutError(), "timeout"),
        (0, ConnectionError("Connection aborted.", ConnectionResetError()), "reset"),
        (0, ValueError("no HTTP"), "protocol"),
    ],
)
def test_failures_have_the_names_of_the_engine(status: int, error: BaseException | None, kind: str) -> None:
    """What lies behind an exception decides what it is called."""
    assert error_kind(status, error) == kind


def test_requests_that_took_too_long_have_failed() -> None:
    """A slow answer is a timeout, requests of the warm-up are left out, and rows come in the order of sending."""
    fd = os.memfd_create("rows")
    for start_s, end_s in ((3.0, 3.1), (-1.0, 0.5), (1.0, 4.0)):
        os.write(fd, ROW.pack(start_s, end_s, 200, 0, 1, 0, 10))
    columns, warmup = read_rows(fd, 2.0)
    os.close(fd)
    assert (warmup, columns.due_s.tolist(), columns.success.tolist()) == (1, [1.0, 3.0], [False, True])
