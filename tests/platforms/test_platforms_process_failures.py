"""A stack that does not start says which replica, why, and what its log ends with; and leaves nothing behind."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gonogo.errors import EnvironmentFault, SettingsError, StackError
from gonogo.manifests.topology import EnvVar, Port, Probe, TcpSocket
from gonogo.platforms.process import network
from gonogo.platforms.process.stack import ProcessStack
from tests.contracts.topologies import container, deployment, topology
from tests.platforms.machine import marked

Up = Callable[..., ProcessStack]
WEB = (Port(8000, "http"),)


def failure(up: Up, *containers: object, **options: object) -> str:
    """Return the message of a deployment that does not start."""
    # Without restarts a failure is known at once; the tests of restarts say what they want.
    options.setdefault("restart_policy", "Never")
    extra = {key: options.pop(key) for key in ("init_containers", "restart_policy", "replicas") if key in options}
    with pytest.raises(EnvironmentFault) as caught:
        up(topology(deployment("web", *containers, **extra)), **options)  # type: ignore[arg-type] # passed on
    return str(caught.value)


def too_late(reason: str, up: Up, *containers: object, **options: object) -> str:
    """Return the message of a deployment that is not ready in time, with more of it until ``reason`` has come up."""
    for ready_timeout_s in (0.5, 5.0, 50.0):  # on a busy machine the platform has not looked within the first
        said = failure(up, *containers, ready_timeout_s=ready_timeout_s, stop_timeout_s=0.1, **options)
        if reason in said:
            break
    return said


def test_a_service_that_dies_at_start_is_told_with_its_log(up: Up) -> None:
    """Exit status, number of tries and the last lines are in the message."""
    said = failure(up, container("mortal:1", args=("0", "3"), ports=WEB), restart_policy="Always")
    assert "shop/web/0: container main ended with exit status 3, 3 times" in said
    assert said.endswith("\n    ending in 0.0 s with 3\n    the end")


def test_a_service_that_is_never_started_again_is_told_at_once(up: Up) -> None:
    """Under restartPolicy Never one end is enough."""
    said = failure(up, container("mortal:1", args=("0", "4"), ports=WEB))
    assert "container main ended with exit status 4;" in said


def test_all_failed_replicas_are_told_at_once(up: Up) -> None:
    """Replicas that failed alike are one sentence; other workloads have their own."""
    with pytest.raises(EnvironmentFault) as caught:
        up(
            topology(
                deployment("a", container("mortal:1", args=("0", "1"), ports=WEB), replicas=2, restart_policy="Never"),
                deployment("b", container("mortal:1", args=("0", "2"), ports=WEB), restart_policy="Never"),
            )
        )
    said = str(caught.value)
    assert "3 of 3 replicas did not start" in said
    assert "shop/a/0, /1: container main ended with exit status 1" in said
    assert "shop/b/0: container main ended with exit status 2" in said


def test_a_failing_init_container_fails_the_start(up: Up) -> None:
    """The message names the init container, not the service that was waiting for it."""
    said = failure(
        up, container(ports=WEB), init_containers=(container("mortal:1", "loader", args=("0", "7"), ports=()),)
    )
    assert "init container loader ended with exit status 7;" in said
    assert "    the end" in said


def test_an_init_container_that_never_ends_is_told(up: Up) -> None:
    """After the timeout the message says that it was still running."""
    reason = "init container loader was still running after"
    assert reason in too_late(reason, up, container(ports=WEB), init_containers=(container("stubborn:1", "loader"),))


def test_a_port_that_never_answers_is_told_with_the_reason(up: Up) -> None:
    """Without a probe the message names the address and what the connection met."""
    said = too_late(":8000: connection refused", up, container("stubborn:1", ports=WEB))
    assert ":8000: connection refused" in said
    assert re.search(r"container main was not ready within [0-9.]+ s: 127\.", said)


def test_a_service_killed_by_a_signal_is_told_so(up: Up) -> None:
    """A death by signal is not an exit status."""
    said = failure(
        up, container("shell:1", command=("sh", "-c", "kill -SEGV $$"), ports=WEB), images={"shell:*": "{command}"}
    )
    assert "container main was killed by SIGSEGV" in said


def test_a_missing_program_is_told_before_anything_starts(up: Up) -> None:
    """The message names program, image and catalogue entry."""
    said = failure(up, container("tool:1", ports=WEB), images={"tool:*": "no-such-program --port {port}"})
    assert "no program 'no-such-program'" in said
    assert "image tool:1, entry 'tool:*'" in said


def test_all_unmapped_images_are_told_at_once(up: Up) -> None:
    """The message lists every image without an entry and a block to paste."""
    declared = topology(
        deployment("a", container("acme/a:1")), deployment("b", container("acme/b:1", command=("run",)))
    )
    with pytest.raises(SettingsError) as caught:
        up(declared)
    assert (
        '\n    [tool.gonogo.images]\n    "acme/a:1" = "{python} -m your_module"\n    "acme/b:1" = "{command} {args}"'
        in str(caught.value)
    )


@contextmanager
def _free_block() -> Iterator[int]:
    """A block of addresses that no other stack on this machine has, with its first port 8000 taken."""
    for block in range(249, 199, -1):
        try:
            server = socket.create_server((f"127.{block}.1.1", 8000))
        except OSError:
            continue
        with server:
            yield block
            return
    pytest.fail("other stacks have every block")


def test_a_taken_port_is_told_with_its_owner(up: Up, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who needs the port, which address, and who has it."""
    with _free_block() as block:
        monkeypatch.setattr(network, "BLOCKS", range(block, block + 1))
        said = failure(up, container(ports=WEB))
    assert f"container main of shop/web/0 needs 127.{block}.1.1:8000, which is in use by" in said
    assert f"(pid {os.getpid()})" in said


def test_secrets_do_not_reach_the_message(up: Up) -> None:
    """A secret that a dying service prints is starred out."""
    secret = EnvVar("PASSWORD", "correct horse battery", secret=True)
    shell = container("shell:1", command=("sh", "-c", 'echo "password: $PASSWORD"; exit 1'), env=(secret,), ports=WEB)
    said = failure(up, shell, images={"shell:*": "{command}"})
    assert "password: ***" in said
    assert "horse" not in said


def test_a_failed_start_leaves_nothing_running(up: Up, tmp_path: Path) -> None:
    """The healthy part of a stack whose other part fails is stopped too."""
    own = f"shop-{os.getpid()}"  # other sessions on this machine may run the same test
    with pytest.raises(StackError):
        up(
            topology(
                deployment("well", namespace=own),
                deployment("ill", container("mortal:1", args=("0", "1"), ports=WEB), restart_policy="Never"),
            )
        )
    (log,) = tmp_path.glob(f"stack-*/logs/{own}_well_0.log")
    assert "started" in log.read_text()
    assert marked(f"/{own}/well/0/") == []


def test_a_probe_that_gets_no_connection_is_told(up: Up) -> None:
    """The probe's target and the reason are in the message."""
    probe = Probe(TcpSocket(8000))
    said = too_late("connection refused", up, container("stubborn:1", ports=WEB, readiness=probe))
    assert "readiness probe (connection to 127." in said
    assert "connection refused" in said


def test_cores_that_are_not_there_are_refused(up: Up) -> None:
    """The message says which may be chosen."""
    with pytest.raises(SettingsError, match=r"may not use the CPUs \[4096\]"):
        up(topology(deployment()), cores=(4096,))
