"""What a container finds on the process platform: its address, environment, files, cores and neighbours."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator

import pytest

from fixtures.patience import PATIENCE_S
from gonogo.manifests.topology import (
    ConfigMapVolume,
    EmptyDirVolume,
    EnvVar,
    Exec,
    HttpGet,
    Mount,
    Port,
    Probe,
)
from gonogo.platforms.process import ProcessPlatform
from gonogo.platforms.process.stack import ProcessStack
from tests.contracts.platform import ask
from tests.contracts.topologies import HEALTH, container, deployment, service, topology
from tests.contracts.waiting import eventually
from tests.platforms.machine import ECHO, IMAGES, marked

Up = Callable[..., ProcessStack]
WEB = (Port(8000, "http"),)
CORE = min(os.sched_getaffinity(0))


def told(stack: ProcessStack, path: str, name: str = "web", replica: int = 0) -> object:
    """Ask a replica of a Service."""
    return ask(stack.endpoints(stack.topology.service(name))[replica], path)


def environment(stack: ProcessStack, name: str = "web") -> dict[str, str]:
    """Return the environment that a service sees."""
    seen = told(stack, "/environment", name)
    assert isinstance(seen, dict)
    return seen


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessStack]:
    """A stack that is only looked at: a front that calls, a model behind it, a plain service, a Pod of two."""
    steps = tuple(
        container(
            "shell:1", name, command=("sh", "-c", f"echo {name} >> /work/order"), mounts=(Mount("scratch", "/work"),)
        )
        for name in ("first", "second")
    )
    front = container(
        env=(
            EnvVar("MODEL_URL", "http://model.shop.svc:80/"),
            EnvVar("PLAIN_URL", "http://plain:8000/predict"),
            EnvVar("POD_IP", field_path="status.podIP"),
            EnvVar("COLOUR", "green"),
            EnvVar("CONFIG", "/etc/model/labels.txt"),
            EnvVar("TOKEN", "/run/secrets/token"),
            EnvVar("ORDER", "/data/order"),
        ),
        ports=WEB,
        mounts=(Mount("labels", "/etc/model"), Mount("token", "/run/secrets"), Mount("scratch", "/data")),
        readiness=Probe(Exec(("sh", "-c", 'test "$COLOUR" = green'))),
        liveness=HEALTH,
    )
    volumes = (
        ConfigMapVolume("labels", {"labels.txt": b"setosa\nat http://plain:8000\n"}),
        ConfigMapVolume("token", {"token": b"hunter2"}, secret=True),
        EmptyDirVolume("scratch"),
    )
    model = container(env={"DATA": "/data"}, ports=WEB, mounts=(Mount("scratch", "/data"),), readiness=HEALTH)
    side = container("sidecar:1", "side", ports=(Port(9000, "side"),), readiness=Probe(HttpGet("/health", 9000)))
    declared = topology(
        deployment("front", front, init_containers=steps, volumes=volumes),
        deployment("model", model, replicas=3, volumes=(EmptyDirVolume("scratch"),)),
        deployment("plain", container(ports=WEB)),
        deployment("pair", container(ports=WEB, readiness=HEALTH), side),
        services=(
            service("front"),
            service("model", 80, "http"),
            service("plain"),
            service("pair"),
            service("side", 9000, "side", app="pair"),
        ),
    )
    images = {**IMAGES, "sidecar:*": ECHO, "shell:*": "{command} {args}"}
    workdir = tmp_path_factory.mktemp("town")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECRET_OF_THE_SHELL", "yes")
        patch.chdir(workdir)
        platform = ProcessPlatform(images, cores=(CORE,))
        stack = platform.start(declared, workdir=workdir, ready_timeout_s=PATIENCE_S)
    with stack:
        yield stack


def test_services_on_the_same_port_do_not_collide(town: ProcessStack) -> None:
    """Six replicas, all on port 8000, are six addresses and six processes."""
    names = ("front", "model", "plain", "pair")
    endpoints = [endpoint for name in names for endpoint in town.endpoints(town.topology.service(name))]
    assert len({(endpoint.host, str(ask(endpoint, "/pid"))) for endpoint in endpoints}) == 6


def test_only_declared_variables_and_a_small_base_reach_a_container(town: ProcessStack) -> None:
    """A variable of the shell that starts the stack does not leak into it."""
    seen = environment(town, "plain")
    assert "SECRET_OF_THE_SHELL" not in seen
    assert {"PATH", "HOST", "GONOGO_HOST"} <= set(seen)


def test_host_is_the_replicas_own_address(town: ProcessStack) -> None:
    """A service that reads HOST binds the address of its replica; the downward API tells the same."""
    seen = environment(town, "front")
    assert seen["HOST"] == seen["POD_IP"] == town.replicas("front")[0].address


def test_a_service_is_reached_by_its_name(town: ProcessStack) -> None:
    """The name of a Service with one replica becomes that replica's address, without a forwarder."""
    address = environment(town, "front")["PLAIN_URL"].split("/")[2]
    assert told(town, f"/fetch?{address}", "front") == told(town, "/pid", "plain")
    assert not any("Service shop/plain is reached" in note for note in town.notes())


def test_a_forwarder_spreads_connections_over_all_replicas(town: ProcessStack) -> None:
    """The name of a Service with replicas leads to a forwarder, which takes each in turn, and the notes say so."""
    address = environment(town, "front")["MODEL_URL"].split("/")[2]
    pids = [told(town, f"/fetch?{address}", "front") for _ in range(6)]
    assert {pids.count(pid) for pid in pids} == {2}
    assert any("Service shop/model is reached" in note for note in town.notes())


def test_a_config_map_is_a_file_with_names_rewritten(town: ProcessStack) -> None:
    """A mount path in the environment leads to the file, and the Service named in it to the replica."""
    address = town.replicas("plain")[0].address
    path = environment(town, "front")["CONFIG"]
    assert told(town, f"/file?{path}", "front") == [f"setosa\nat http://{address}:8000\n", "0o444"]


def test_a_secret_is_a_file_for_its_owner_only(town: ProcessStack) -> None:
    """Mode 0600."""
    assert told(town, f"/file?{environment(town, 'front')['TOKEN']}", "front") == ["hunter2", "0o600"]


def test_init_containers_run_before_and_share_volumes(town: ProcessStack) -> None:
    """The second init container sees what the first wrote, and the service sees both, by its own mount path."""
    assert told(town, f"/file?{environment(town, 'front')['ORDER']}", "front") == ["first\nsecond\n", "0o644"]


def test_replicas_do_not_share_an_empty_dir(town: ProcessStack) -> None:
    """Every replica has a volume of its own."""
    seen = [told(town, "/environment", "model", replica) for replica in range(3)]
    assert len({each["DATA"] for each in seen if isinstance(each, dict)}) == 3


def test_services_run_on_the_cores_they_were_given(town: ProcessStack) -> None:
    """Every process of a stack may run on the given cores only."""
    assert told(town, "/cores", "plain") == [CORE]


def test_processes_work_in_the_folder_of_the_session(town: ProcessStack) -> None:
    """Modules of the project can be imported: the working folder is where gonogo was started."""
    log = town.replicas("plain")[0].log
    assert told(town, "/cwd", "plain") == str(log.parents[1])


def test_a_command_probe_sees_the_environment(town: ProcessStack) -> None:
    """Readiness of the front is a command that looks at one of its variables."""
    assert town.replicas("front")[0].ready


def test_side_by_side_containers_share_an_address_and_a_marked_log(town: ProcessStack) -> None:
    """Two containers of a Pod listen at one address, and each line of the log names its container."""
    assert told(town, "/pid", "pair") != told(town, "/pid", "side")
    (replica,) = town.replicas("pair")
    lines = replica.log.read_text().splitlines()
    assert f"[main] listening on {replica.address}:8000" in lines
    assert f"[side] listening on {replica.address}:9000" in lines


def test_two_stacks_at_once_do_not_collide(up: Up) -> None:
    """The same topology runs twice at the same time, in two address blocks."""
    first, second = up(topology(deployment())), up(topology(deployment()))
    assert told(first, "/pid") != told(second, "/pid")


def test_the_forwarder_leaves_a_dead_replica_out(up: Up) -> None:
    """After a kill, connections go to the replicas that are left."""
    front = container(env={"MODEL": "model:80"}, ports=WEB, readiness=HEALTH)
    model = container("echo:1", ports=WEB, readiness=HEALTH)
    stack = up(
        topology(
            deployment("front", front),
            deployment("model", model, replicas=2, restart_policy="Never"),
            services=(service("front"), service("model", 80, "http")),
        )
    )
    address = environment(stack, "front")["MODEL"]
    stack.kill("shop/model/0")
    left = told(stack, "/pid", "model")
    eventually(lambda: {told(stack, f"/fetch?{address}", "front") for _ in range(4)} == {left})


def test_a_forwarder_that_dies_comes_back(up: Up) -> None:
    """Killed, it is started again with the state of then, and the problem is told."""
    front = container(env={"MODEL": "model:80"}, ports=WEB, readiness=HEALTH)
    stack = up(
        topology(
            deployment("front", front), deployment("model"), services=(service("front"), service("model", 80, "http"))
        )
    )
    address = environment(stack, "front")["MODEL"]
    (forwarder,) = marked(f"{environment(stack, 'front')['GONOGO_CONTAINER'].partition('/')[0]}/forwarder")
    os.kill(forwarder, signal.SIGKILL)
    eventually(lambda: "the forwarder was killed by SIGKILL; started again" in stack.problems())
    eventually(lambda: takes_connections(address))
    assert told(stack, f"/fetch?{address}", "front") == told(stack, "/pid", "model")


def takes_connections(address: str) -> bool:
    """Whether something listens at ``host:port``."""
    host, _, port = address.partition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0
