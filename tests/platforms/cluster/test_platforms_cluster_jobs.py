"""Jobs in a real cluster: started, counted, ended and read as its Job controller does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from gonogo.errors import UsageError
from gonogo.manifests.topology import Container, EnvVar, Job
from gonogo.platforms.cluster import ClusterPlatform
from gonogo.platforms.interface import JobRunner
from gonogo.suite.stack import Stack
from tests.contracts.topologies import container, deployment, topology
from tests.contracts.waiting import eventually

Start = Callable[..., Stack]


@pytest.fixture
def start(cluster: ClusterPlatform, tmp_path: Path) -> Iterator[Start]:
    """Start a stack of Jobs alone."""
    with ExitStack() as opened:

        def start(*jobs: Job) -> Stack:
            declared = replace(topology(), jobs=jobs)
            return Stack(opened.enter_context(cluster.start(declared, workdir=tmp_path, ready_timeout_s=30.0)))

        yield start


def _job(each: Container, *, parallelism: int = 1, suspended: bool = True, **fields: object) -> Job:
    """Return a Job called ``nightly``, suspended unless it is told otherwise."""
    template = deployment("nightly", each, replicas=parallelism, restart_policy="Never", grace_s=2.0)
    return Job(replace(template, kind="Job"), suspended=suspended, **fields)  # type: ignore[arg-type] # of the test


@pytest.fixture
def shell(echo_image: str) -> Callable[..., Container]:
    """Make a container that runs a script."""

    def made(script: str, **fields: object) -> Container:
        return container(echo_image, command=("/bin/sh", "-c", script), **fields)  # type: ignore[arg-type] # likewise

    return made


def test_a_job_runs_when_it_is_applied(start: Start, shell: Callable[..., Container]) -> None:
    """A Job that is not suspended starts with the stack and is complete when its Pod has ended well."""
    finished = start(_job(shell("echo done"), suspended=False)).jobs["nightly"].first().wait("30s")
    assert (finished.succeeded, finished.reason, finished.exit_code, finished.log) == (True, "Complete", 0, "done\n")


def test_a_suspended_job_waits_to_be_asked(start: Start, shell: Callable[..., Container]) -> None:
    """``run`` starts another Job beside it, with variables of its own over those of the manifest."""
    env = (EnvVar("COLOUR", "red"), EnvVar("SIZE", "small"))
    stack = start(_job(shell("echo $COLOUR $SIZE", env=env)))
    assert stack.jobs["nightly"].run(env={"COLOUR": "blue"}, timeout="30s").log == "blue small\n"


def test_every_index_has_a_pod_of_its_own(start: Start, shell: Callable[..., Container]) -> None:
    """An Indexed Job runs each index once."""
    stack = start(_job(shell("echo $JOB_COMPLETION_INDEX"), parallelism=2, completions=3, indexed=True))
    finished = stack.jobs["nightly"].run(timeout="40s")
    assert sorted(finished.log.split()) == ["0", "1", "2"]
    assert sorted(pod.index or 0 for pod in finished.pods) == [0, 1, 2]


def test_a_failed_pod_is_told_with_its_exit_status(start: Start, shell: Callable[..., Container]) -> None:
    """Beyond the backoff limit the Job has failed."""
    finished = start(_job(shell("exit 7"), backoff_limit=0)).jobs["nightly"].run(timeout="30s")
    assert (finished.succeeded, finished.reason, finished.exit_code) == (False, "BackoffLimitExceeded", 7)


def test_a_killed_pod_is_replaced(start: Start, shell: Callable[..., Container]) -> None:
    """The Job goes on with another Pod, and counts both."""
    started = (
        start(_job(shell("sleep $((RANDOM_S)); echo done"), backoff_limit=3))
        .jobs["nightly"]
        .start(env={"RANDOM_S": "4"})
    )
    [pod] = eventually(lambda: [each for each in started.pods if each.phase == "running"], 20.0)
    started.kill(pod)
    finished = started.wait("60s")
    assert (finished.succeeded, len(finished.pods)) == (True, 2)
    assert finished.pods[0].phase == "failed"


def test_a_job_can_be_ended(start: Start, shell: Callable[..., Container]) -> None:
    """It has failed, for the reason that was given."""
    started = start(_job(shell("sleep 600"))).jobs["nightly"].start()
    eventually(lambda: started.pods, 20.0)
    started.end("no longer needed")
    assert started.wait("30s").reason == "no longer needed"


def test_a_name_is_given_once(start: Start, shell: Callable[..., Container]) -> None:
    """The API server has such a Job already."""
    job = _job(shell("true"))
    running = start(job).running
    assert isinstance(running, JobRunner)
    running.start_job(job, "again", {})
    with pytest.raises(UsageError, match=r"a Job is called 'again' already"):
        running.start_job(job, "again", {})
