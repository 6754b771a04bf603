"""Whatever ends a session, nothing of its stack stays: no process, no control group, no record, no secret."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fixtures.patience import PATIENCE_S
from gonogo.errors import StackError
from gonogo.manifests.topology import ConfigMapVolume, Mount
from gonogo.platforms.process.leftovers import private_folder, reap
from gonogo.platforms.process.stack import ProcessStack
from tests.contracts.topologies import container, deployment, topology
from tests.contracts.waiting import eventually
from tests.platforms.machine import alive, groups_of, marked, words_after

Up = Callable[..., ProcessStack]
ROOT = Path(__file__).parents[2]


@contextmanager
def owner(
    workdir: Path, image: str, *args: str, until: str = "ready", ready_timeout_s: float = PATIENCE_S
) -> Iterator[subprocess.Popen[str]]:
    """A process that owns a stack, as far as ``until``."""
    command = [sys.executable, "-m", "tests.platforms.owner", str(workdir), str(ready_timeout_s), image, *args]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if line.strip() == until:
                    break
            yield process
        finally:
            process.kill()


def records() -> dict[str, Path]:
    """Return the records on this machine by stack."""
    return {path.stem: path for path in private_folder(Path(tempfile.gettempdir())).glob("*.json")}


def stack_of(process: subprocess.Popen[str]) -> str:
    """Return the id of the stack that a process owns."""
    return eventually(lambda: next((name for name in records() if name.startswith(f"{process.pid:x}-")), ""))


def nothing_left(stack: str, pids: list[int]) -> bool:
    """Whether a stack is gone without a trace."""
    return not (any(map(alive, pids)) or marked(f"{stack}/") or groups_of(stack) or stack in records())


def forked(log: Path) -> list[int]:
    """Return the pids of what a forker forked, once both are there."""
    eventually(lambda: words_after(log, "grandchild") and words_after(log, "child"))
    return [int(word) for name in ("child", "grandchild") for word in words_after(log, name)]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=["kill -9", "TERM", "Ctrl-C"])
def test_the_end_of_the_owner_ends_the_stack(tmp_path: Path, number: signal.Signals) -> None:
    """Processes that forked, left their session and lost their parent are gone too, and so are the control groups."""
    with owner(tmp_path, "forker:1") as process:
        stack = stack_of(process)
        log = tmp_path / "logs" / "shop_web_0.log"
        eventually(lambda: words_after(log, "grandchild"))
        # Two replicas, each with its first process and a grandchild.
        pids = eventually(lambda: found if len(found := marked(f"{stack}/")) >= 4 else [])
        assert int(words_after(log, "grandchild")[0]) in pids
        process.send_signal(number)
        process.wait(PATIENCE_S)
        eventually(lambda: nothing_left(stack, pids))


def test_an_interrupt_during_the_start_ends_the_stack(tmp_path: Path) -> None:
    """Ctrl-C while nothing is ready yet leaves nothing behind."""
    with owner(tmp_path, "mortal:1", "600", "0", until="starting") as process:
        stack = stack_of(process)
        eventually(lambda: marked(f"{stack}/"))
        pids = marked(f"{stack}/")
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_S)
        eventually(lambda: nothing_left(stack, pids))


def test_a_service_that_ignores_sigterm_is_killed(up: Up) -> None:
    """After the grace time SIGKILL follows."""
    stack = up(topology(deployment("web", container("stubborn:1"))), stop_timeout_s=0.2)
    (log,) = (each.log for each in stack.replicas())
    eventually(lambda: "ignoring" in log.read_text())
    (pid,) = marked(f"{stack._link.stack}/shop/web/0/")
    stack.stop()
    assert not alive(pid)


def test_a_kill_reaches_what_a_replica_forked(up: Up) -> None:
    """kill() ends children and runaway grandchildren as well, and only this replica's."""
    stack = up(topology(deployment("web", container("forker:1"), replicas=2)))
    family = [forked(each.log) for each in stack.replicas()]
    stack.kill("shop/web/0")
    assert not any(map(alive, family[0]))
    assert all(map(alive, family[1]))


def test_a_killed_supervisor_takes_the_stack_with_it(up: Up) -> None:
    """Should the supervisor itself be killed, the stack is gone after stop(), and the problem is told."""
    stack = up(topology(deployment("web", container("forker:1"))))
    (log,) = (each.log for each in stack.replicas())
    eventually(lambda: words_after(log, "grandchild"))
    pids = marked(f"{stack._link.stack}/shop/web/0/")
    supervisor = stack._link.pid
    os.kill(supervisor, signal.SIGKILL)
    eventually(lambda: not alive(supervisor))
    with pytest.raises(StackError, match="the supervisor of the stack was killed"):
        stack.replicas()
    stack.stop()
    assert not any(map(alive, pids))
    assert any("the supervisor of the stack was killed" in problem for problem in stack.problems())
    assert stack.notes() == ()


def test_a_later_session_clears_up_after_a_dead_one(tmp_path: Path) -> None:
    """Owner and supervisor killed at once: what they left is found by its record and removed."""
    with owner(tmp_path, "forker:1") as process:
        stack = stack_of(process)
        log = tmp_path / "logs" / "shop_web_0.log"
        eventually(lambda: words_after(log, "grandchild"))
        pids = marked(f"{stack}/")
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(process.pid, signal.SIGSTOP)  # so that it cannot clear up between the two kills
        for pid in (*map(int, children), process.pid):
            os.kill(pid, signal.SIGKILL)
        process.wait(PATIENCE_S)
        assert any(map(alive, pids)) or groups_of(stack) or stack in records()
        # The supervisor's lock goes with it; until then the stack is not taken for dead.
        eventually(lambda: (reap(private_folder(Path(tempfile.gettempdir()))), nothing_left(stack, pids))[1])


def test_volumes_are_removed_and_logs_stay(up: Up, tmp_path: Path) -> None:
    """After the stop the workdir holds the logs and nothing else, least of all a Secret."""
    volume = ConfigMapVolume("token", {"token": b"hunter2"}, secret=True)
    web = container("stubborn:1", mounts=(Mount("token", "/run/secrets"),))
    stack = up(topology(deployment("web", web, volumes=(volume,))), stop_timeout_s=0.1)
    (workdir,) = tmp_path.glob("stack-*")
    assert len(list(workdir.rglob("token"))) == 1
    stack.stop()
    assert [path.name for path in workdir.iterdir()] == ["logs"]
