"""What a container finds on the process platform: its address, environment, files, cores and neighbours."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gonogo.manifests.topology import (
    ConfigMapVolume,
    EmptyDirVolume,
    EnvVar,
    Exec,
    Mount,
    Port,
    Probe,
)
from gonogo.platforms.process.stack import ProcessStack
from tests.contracts.platform import ask
from tests.contracts.topologies import HEALTH, container, deployment, service, topology
from tests.contracts.waiting import eventually
from tests.platforms.machine import ECHO, IMAGES

Up = Callable[..., ProcessStack]
WEB = (Port(8000, "http"),)


def told(stack: ProcessStack, path: str, name: str = "web", replica: int = 0) -> object:
    """Ask a replica of a Service."""
    return ask(stack.endpoints(stack.topology.service(name))[replica], path)


def environment(stack: ProcessStack, name: str = "web") -> dict[str, str]:
    """Return the environment that a service sees."""
    seen = told(stack, "/environment", name)
    assert isinstance(seen, dict)
    return seen


def test_services_on_the_same_port_do_not_collide(up: Up) -> None:
    """Two workloads of two replicas each, all on port 8000, are four addresses."""
    stack = up(topology(deployment("a", replicas=2), deployment("b", replicas=2)))
    assert (
        len(
            {
                (each.address, ask(endpoint, "/pid"))
                for each, endpoint in zip(
                    stack.replicas(),
                    [*stack.endpoints(stack.topology.service("a")), *stack.endpoints(stack.topology.service("b"))],
                    strict=True,
                )
            }
        )
        == 4
    )


def test_two_stacks_at_once_do_not_collide(up: Up) -> None:
    """The same topology runs twice at the same time, in two address blocks."""
    first, second = up(topology(deployment())), up(topology(deployment()))
    assert told(first, "/pid") != told(second, "/pid")


def test_only_declared_variables_and_a_small_base_reach_a_container(up: Up, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable of the shell that starts the stack does not leak into it."""
    monkeypatch.setenv("SECRET_OF_THE_SHELL", "yes")
    seen = environment(up(topology(deployment())))
    assert "SECRET_OF_THE_SHELL" not in seen
    assert {"PATH", "HOST", "GONOGO_HOST"} <= set(seen)


def test_host_is_the_replicas_own_address(up: Up) -> None:
    """A service that reads HOST binds the address of its replica; the downward API tells the same."""
    web = container(env=(EnvVar("POD_IP", field_path="status.podIP"),), ports=WEB, readiness=HEALTH)
    stack = up(topology(deployment("web", web)))
    seen = environment(stack)
    assert seen["HOST"] == seen["POD_IP"] == stack.replicas()[0].address


def test_a_service_is_reached_by_its_name(up: Up) -> None:
    """The name of a Service with one replica becomes that replica's address."""
    front = container(env={"MODEL_URL": "http://model:8000/predict"}, ports=WEB, readiness=HEALTH)
    stack = up(topology(deployment("front", front), deployment("model")))
    address = environment(stack, "front")["MODEL_URL"].split("/")[2]
    assert told(stack, f"/fetch?{address}", "front") == told(stack, "/pid", "model")
    assert not any("forwarder" in note for note in stack.notes())


def test_a_forwarder_spreads_connections_over_all_replicas(up: Up) -> None:
    """The name of a Service with replicas leads to a forwarder, which takes each in turn, and the notes say so."""
    front = container(env={"MODEL_URL": "http://model.shop.svc:80/"}, ports=WEB, readiness=HEALTH)
    stack = up(
        topology(
            deployment("front", front),
            deployment("model", replicas=3),
            services=(service("front"), service("model", 80, "http")),
        )
    )
    address = environment(stack, "front")["MODEL_URL"].split("/")[2]
    pids = [told(stack, f"/fetch?{address}", "front") for _ in range(6)]
    assert {pids.count(pid) for pid in pids} == {2}
    assert any("Service shop/model is reached" in note for note in stack.notes())


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


def test_config_maps_and_secrets_are_files(up: Up) -> None:
    """A mount path in the environment leads to the files; a Secret's are for their owner only."""
    web = container(
        env={"CONFIG": "/etc/model/labels.txt", "TOKEN": "/run/secrets/token"},
        ports=WEB,
        mounts=(Mount("labels", "/etc/model"), Mount("token", "/run/secrets")),
        readiness=HEALTH,
    )
    volumes = (
        ConfigMapVolume("labels", {"labels.txt": b"setosa\nat http://web:8000\n"}),
        ConfigMapVolume("token", {"token": b"hunter2"}, secret=True),
    )
    stack = up(topology(deployment("web", web, volumes=volumes)))
    seen = environment(stack)
    address = stack.replicas()[0].address
    assert told(stack, f"/file?{seen['CONFIG']}") == [f"setosa\nat http://{address}:8000\n", "0o444"]
    assert told(stack, f"/file?{seen['TOKEN']}") == ["hunter2", "0o600"]
    stack.stop()
    assert not Path(seen["TOKEN"]).exists()


def test_init_containers_run_before_and_share_volumes(up: Up) -> None:
    """The second init container sees what the first wrote, and the service sees both, by its own mount path."""
    shell = {"images": {**IMAGES, "shell:*": ["{command}", "{args}"]}}
    scratch = (EmptyDirVolume("scratch"),)
    steps = tuple(
        container(
            "shell:1", name, command=("sh", "-c", f"echo {name} >> /work/order"), mounts=(Mount("scratch", "/work"),)
        )
        for name in ("first", "second")
    )
    web = container(env={"ORDER": "/data/order"}, ports=WEB, mounts=(Mount("scratch", "/data"),), readiness=HEALTH)
    stack = up(topology(deployment("web", web, init_containers=steps, volumes=scratch)), **shell)
    assert told(stack, f"/file?{environment(stack)['ORDER']}") == ["first\nsecond\n", "0o644"]


def test_replicas_do_not_share_an_empty_dir(up: Up) -> None:
    """Every replica has a volume of its own."""
    web = container(env={"DATA": "/data"}, ports=WEB, mounts=(Mount("scratch", "/data"),), readiness=HEALTH)
    stack = up(topology(deployment("web", web, replicas=2, volumes=(EmptyDirVolume("scratch"),))))
    seen = [json.dumps(told(stack, "/environment", replica=each)) for each in (0, 1)]
    assert len({json.loads(each)["DATA"] for each in seen}) == 2


def test_services_run_on_the_cores_they_were_given(up: Up) -> None:
    """Every process of a stack may run on the given cores only."""
    core = min(os.sched_getaffinity(0))
    assert told(up(topology(deployment()), cores=(core,)), "/cores") == [core]


def test_processes_work_in_the_folder_of_the_session(up: Up, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules of the project can be imported: the working folder is where gonogo was started."""
    monkeypatch.chdir(tmp_path)
    assert told(up(topology(deployment())), "/cwd") == str(tmp_path)


def test_a_command_probe_runs_in_the_container(up: Up) -> None:
    """An exec probe sees the container's environment; readiness follows its exit status."""
    probe = Probe(Exec(("sh", "-c", 'test "$COLOUR" = green')))
    web = container(env={"COLOUR": "green"}, ports=WEB, readiness=probe)
    assert up(topology(deployment("web", web))).replicas()[0].ready


def test_without_a_probe_the_ports_must_answer(up: Up) -> None:
    """A container that declares a port and no probe is ready when the port takes connections."""
    stack = up(topology(deployment("web", container(ports=WEB))))
    assert isinstance(told(stack, "/pid"), int)


def test_side_by_side_containers_share_an_address_and_a_marked_log(up: Up) -> None:
    """Two containers of a Pod listen at one address, and each line of the log names its container."""
    second = container(
        "sidecar:1", "side", ports=(Port(9000, "side"),), readiness=Probe(HEALTH.action.__class__("/health", 9000))
    )
    images = {**IMAGES, "sidecar:*": ECHO}
    stack = up(
        topology(
            deployment("web", container(ports=WEB, readiness=HEALTH), second),
            services=(service("web"), service("side", 9000, "side", app="web")),
        ),
        images=images,
    )
    assert told(stack, "/pid", "web") != told(stack, "/pid", "side")
    (replica,) = stack.replicas()
    stack.stop()
    lines = replica.log.read_text().splitlines()
    assert f"[main] listening on {replica.address}:8000" in lines
    assert f"[side] listening on {replica.address}:9000" in lines
