"""What runs in Docker runs as in a cluster: names, volumes, limits, probes, restarts; and nothing of it stays."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import docker
import httpx
import pytest

from gonogo.errors import EnvironmentFault, StackError
from gonogo.manifests.topology import (
    Autoscaler,
    ConfigMapVolume,
    Container,
    EmptyDirVolume,
    EnvVar,
    Exec,
    Job,
    Mount,
    Port,
    Probe,
    Resources,
    Scaling,
    ScalingPolicy,
    Topology,
)
from gonogo.platforms.docker import DockerPlatform
from gonogo.platforms.docker.stack import DockerStack
from gonogo.platforms.docker.sweep import left, reap
from tests.contracts.platform import ask
from tests.contracts.topologies import HEALTH, SOURCE, container, deployment, service, topology
from tests.contracts.waiting import eventually
from tests.platforms.docker_machine import BASE, ensure_image, needs_docker, things

Up = Callable[..., DockerStack]
WEB = (Port(8000, "http"),)
ECHO = ("0.0.0.0", "8000")  # noqa: S104 - in a Pod of its own


@pytest.fixture(scope="module")
def client() -> Iterator[docker.DockerClient]:
    """The daemon's."""
    client = needs_docker()
    yield client
    client.close()


@pytest.fixture(scope="module")
def echo(client: docker.DockerClient) -> str:
    """The small HTTP service, run by a user that is not root."""
    return ensure_image(client, "echo", *ECHO, user="10001")


@pytest.fixture
def up(client: docker.DockerClient, tmp_path: Path) -> Iterator[Up]:
    """Start a topology; it is stopped after the test, and everything that was made for it is gone."""
    before = things(client)
    with ExitStack() as opened:

        def start(declared: Topology, *, ready_timeout_s: float = 30.0, **options: object) -> DockerStack:
            workdir = tmp_path / f"stack-{len(list(tmp_path.iterdir()))}"
            workdir.mkdir()
            platform = DockerPlatform(BASE, stop_timeout_s=0.2, **options)  # type: ignore[arg-type] # of the test
            return opened.enter_context(platform.start(declared, workdir=workdir, ready_timeout_s=ready_timeout_s))

        yield start
    assert things(client) <= before


def _ready(stack: DockerStack, count: int) -> bool:
    return [each.ready for each in stack.replicas()] == [True] * count


def web(image: str, **options: object) -> Container:
    """Return the container of a Pod that answers on port 8000."""
    return container(image, ports=WEB, readiness=HEALTH, **options)  # type: ignore[arg-type] # passed on


class TestNames:
    """One stack of two namespaces, whose Services are called from inside."""

    @pytest.fixture(scope="class")
    @classmethod
    def named(
        cls, client: docker.DockerClient, echo: str, tmp_path_factory: pytest.TempPathFactory
    ) -> Iterator[DockerStack]:
        """A caller, a Service of two replicas on another port, one of a single replica, and one elsewhere."""
        del client
        declared = topology(
            deployment("caller", web(echo, env={"CALLS": "http://many/ http://one:8000/ store.depot"})),
            deployment("many", web(echo), replicas=2),
            deployment("one", web(echo)),
            deployment("store", web(echo), namespace="depot"),
            services=(
                service("caller"),
                service("many", 80, "http"),
                service("one"),
                service("store", namespace="depot"),
            ),
        )
        workdir = tmp_path_factory.mktemp("names")
        with DockerPlatform(BASE, stop_timeout_s=0.2).start(declared, workdir=workdir, ready_timeout_s=30) as named:
            yield named

    @pytest.mark.parametrize(
        "address",
        [
            "one:8000",
            "one.shop:8000",
            "one.shop.svc:8000",
            "one.shop.svc.cluster.local:8000",
            "many:80",
            "many.shop.svc.cluster.local:80",
            "store.depot:8000",
        ],
    )
    def test_a_service_has_its_names(self, named: DockerStack, address: str) -> None:
        """Short in its own namespace and with a namespace everywhere, at its declared port."""
        (caller,) = named.endpoints(named.topology.service("caller"))
        assert ask(caller, f"/fetch?{address}") == 1

    def test_endpoints_are_on_loopback(self, named: DockerStack) -> None:
        """Nothing is published where other machines could reach it."""
        endpoints = [each for service in named.topology.services for each in named.endpoints(service)]
        assert {each.host for each in endpoints} == {"127.0.0.1"}

    def test_a_forwarder_is_told(self, named: DockerStack) -> None:
        """The judgment names the Service that is reached through one, and no other."""
        assert [note for note in named.notes() if "forwarder" in note] == [
            (
                "Service shop/many is reached from inside the stack through a forwarder, which costs a hop and CPU time"
                " (the load generator goes to the replicas directly)"
            )
        ]

    def test_nothing_that_a_replica_is_told_is_rewritten(self, named: DockerStack) -> None:
        """The environment says what the manifest says."""
        (caller,) = named.endpoints(named.topology.service("caller"))
        environment = ask(caller, "/environment")
        assert isinstance(environment, dict)
        assert environment["CALLS"] == "http://many/ http://one:8000/ store.depot"
        assert environment["HOSTNAME"] == "caller-0"


def test_an_init_container_fills_a_volume(up: Up, echo: str) -> None:
    """What it writes into an emptyDir is there for the service, below a subPath too; another user may write."""
    write = "import pathlib; pathlib.Path('/out/model').write_text('weights')"
    stack = up(
        topology(
            deployment(
                "web",
                web(echo, mounts=(Mount("models", "/models", read_only=True), Mount("models", "/sub", sub_path="a/b"))),
                init_containers=(
                    container(
                        echo,
                        "loader",
                        command=("python3", "-c", write),
                        mounts=(Mount("models", "/out", sub_path="a/b"),),
                    ),
                ),
                volumes=(EmptyDirVolume("models"),),
            )
        )
    )
    (endpoint,) = stack.endpoints(stack.topology.service("web"))
    for path in ("/models/a/b/model", "/sub/model"):
        assert ask(endpoint, f"/file?{path}")[0] == "weights"  # type: ignore[index] # a list


def test_files_and_facts_reach_the_container(up: Up, echo: str) -> None:
    """ConfigMaps and Secrets are files, the downward API fills variables, and a Secret is in no message."""
    stack = up(
        topology(
            deployment(
                "web",
                web(
                    echo,
                    env=(EnvVar("IP", field_path="status.podIP"), EnvVar("TOKEN", "hush-hush", secret=True)),
                    mounts=(Mount("settings", "/etc/app"), Mount("key", "/etc/key", sub_path="key")),
                ),
                volumes=(
                    ConfigMapVolume("settings", {"a.txt": b"plain"}),
                    ConfigMapVolume("key", {"key": b"secret-key"}, secret=True),
                ),
            )
        )
    )
    (endpoint,) = stack.endpoints(stack.topology.service("web"))
    environment = ask(endpoint, "/environment")
    assert isinstance(environment, dict)
    assert (environment["IP"], environment["TOKEN"]) == (stack.replicas()[0].address, "hush-hush")
    assert ask(endpoint, "/file?/etc/app/a.txt") == ["plain", "0o444"]
    assert ask(endpoint, "/file?/etc/key") == ["secret-key", "0o444"]


def test_containers_of_a_pod_share_its_network(up: Up, client: docker.DockerClient, echo: str) -> None:
    """One reaches the other at localhost; each has its lines in the log."""
    del client
    side = container(echo, "side", command=("python3", "/echo.py"), args=("127.0.0.1", "9000"))
    stack = up(topology(deployment("web", web(echo), side)))
    (endpoint,) = stack.endpoints(stack.topology.service("web"))
    assert ask(endpoint, "/fetch?127.0.0.1:9000") == 1
    log = stack.replicas()[0].log
    eventually(lambda: "[side] listening" in log.read_text() and "[main] listening" in log.read_text())


def test_a_cpu_limit_holds(up: Up, client: docker.DockerClient) -> None:
    """A container that burns CPU is throttled by the kernel, and the sample shows it."""
    image = ensure_image(client, "burner", "5")
    stack = up(topology(deployment("web", container(image, resources=Resources(cpu_limit=0.05)))))
    assert stack.replicas()[0].limits[0].startswith("cpu 0.05 cores: enforced (cgroup v")
    assert eventually(lambda: (stack.sample()["shop/web/0"].throttled_s or 0.0) > 0, 30)


def test_a_memory_limit_kills(up: Up, client: docker.DockerClient) -> None:
    """A container that takes more than its limit does not start, and the message says that the kernel killed it."""
    image = ensure_image(client, "glutton")
    greedy = container(image, args=("200",), resources=Resources(memory_limit=64 << 20), ports=WEB)
    with pytest.raises(StackError, match=r"memory limit of 64 MiB \(OOM kill\)"):
        up(topology(deployment("web", greedy, restart_policy="Never")))


def test_a_failing_liveness_probe_restarts(up: Up, echo: str) -> None:
    """The container is started anew: what it had written is gone, the restart is counted and told."""
    alive = Probe(Exec(("test", "!", "-e", "/tmp/ill")), period_s=0.1, failure_threshold=1)  # noqa: S108 - in the Pod
    stack = up(topology(deployment("web", web(echo, liveness=alive))))
    fall_ill = "import pathlib; pathlib.Path('/tmp/ill').touch()"
    kept = docker.from_env()
    (found,) = [
        one for one in kept.containers.list(filters={"label": "dev.gonogo.role=container"}) if stack.stack in one.name
    ]
    found.exec_run(["python3", "-c", fall_ill])
    kept.close()
    eventually(lambda: stack.sample()["shop/web/0"].restarts == 1)
    eventually(lambda: stack.replicas()[0].ready)
    assert "liveness probe failed 1 times (command test ! -e /tmp/ill" in stack.problems()[0]


def test_a_service_that_dies_is_told_with_its_log(up: Up, client: docker.DockerClient) -> None:
    """Exit status, number of tries and the last lines are in the message."""
    image = ensure_image(client, "mortal")
    with pytest.raises(StackError, match=r"shop/web/0: container main ended with exit status 3, 3 times") as caught:
        up(topology(deployment("web", container(image, args=("0", "3"), ports=WEB))))
    assert str(caught.value).endswith("\n    ending in 0.0 s with 3\n    the end")


def test_a_missing_image_is_told_before_anything_starts(up: Up) -> None:
    """All missing images are in one message, which is the machine's fault and not the service's."""
    declared = topology(
        deployment("a", container("gonogo-test/none:1")), deployment("b", container("gonogo-test/nil:1"))
    )
    with pytest.raises(EnvironmentFault, match=r"no image gonogo-test/none:1 .*no image gonogo-test/nil:1") as caught:
        up(declared)
    assert not isinstance(caught.value, StackError)


def test_a_program_that_is_not_in_the_image_fails_the_start(up: Up, echo: str) -> None:
    """The daemon's words are in the message."""
    with pytest.raises(StackError, match=r"container main could not be started \(image .*no-such-program"):
        up(topology(deployment("web", container(echo, command=("no-such-program",)), restart_policy="Never")))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_outlives_its_owner(
    client: docker.DockerClient, echo: str, tmp_path: Path, number: signal.Signals
) -> None:
    """After kill -9, Ctrl-C or the end of the process that started the stack, everything is removed."""
    before = things(client)
    (tmp_path / "work").mkdir()
    words = [sys.executable, "-m", "tests.platforms.docker_owner", str(tmp_path / "work"), echo]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as owner:
        assert owner.stdout is not None
        stack = owner.stdout.readline().strip()
        assert len(left(client, stack)) >= 3
        owner.send_signal(number)
    eventually(lambda: not left(client, stack), 30)
    assert things(client) <= before


def test_a_later_session_removes_what_a_dead_one_left(client: docker.DockerClient, echo: str, tmp_path: Path) -> None:
    """Where the keeper was killed too, its things are found by their labels; those of the living stay."""
    (tmp_path / "work").mkdir()
    words = [sys.executable, "-m", "tests.platforms.docker_owner", str(tmp_path / "work"), echo, "orphan"]
    said = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60, cwd=Path(__file__).parents[2])
    stack = said.stdout.split()[0]
    assert left(client, stack)
    assert stack in reap(client)
    assert not left(client, stack)


def test_a_job_runs_to_its_end(up: Up, echo: str) -> None:
    """Its Pods have their index and reach Services by name; the run says how it ended."""
    ask_web = (
        "import os, urllib.request as r; r.urlopen('http://web:8000/health'); print(os.environ['JOB_COMPLETION_INDEX'])"
    )
    template = deployment("nightly", container(echo, command=("python3", "-c", ask_web)), restart_policy="Never")
    job = Job(replace(template, kind="Job", replicas=2), completions=2, indexed=True, suspended=True)
    stack = up(replace(topology(deployment("web", web(echo))), jobs=(job,)))
    stack.start_job(job, "first", {})
    (run,) = eventually(lambda: [run for run in stack.job_runs() if run.ended_at], 30)
    assert (run.phase, sorted(pod.log.read_text().splitlines()[1] for pod in run.pods)) == ("complete", ["0", "1"])


def test_replicas_join_and_leave(up: Up, echo: str) -> None:
    """Within what an autoscaler allows; those that leave are no problem, and come back."""
    at_once = Scaling(0.0, (ScalingPolicy("Pods", 10, 1),))
    scaler = Autoscaler("shop", "web", "web", SOURCE, 1, 2, 0.5, at_once, at_once)
    stack = up(replace(topology(deployment("web", web(echo))), autoscalers=(scaler,)))
    for count in (2, 1, 2):
        stack.scale("shop/web", count)
        eventually(partial(_ready, stack, count), 20)
        assert len(stack.endpoints(stack.topology.service("web"))) == count
    assert stack.problems() == ()


def test_load_reaches_a_published_port(up: Up, echo: str) -> None:
    """An endpoint speaks HTTP with this machine and is gone after the stop."""
    stack = up(topology(deployment("web", web(echo))))
    (endpoint,) = stack.endpoints(stack.topology.service("web"))
    assert httpx.get(f"http://127.0.0.1:{endpoint.port}/health", trust_env=False).status_code == 200
    stack.stop()
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{endpoint.port}/health", trust_env=False)
