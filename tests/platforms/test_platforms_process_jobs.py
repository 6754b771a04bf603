"""Jobs on the process platform: real processes, started and counted as Kubernetes would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from gonogo.errors import EnvironmentFault, StackError, UsageError
from gonogo.manifests.topology import Container, CronJob, EmptyDirVolume, EnvVar, Job, Mount, Topology
from gonogo.platforms.process import programs
from gonogo.platforms.process.stack import ProcessStack
from gonogo.suite.stack import Stack
from tests.contracts.topologies import container, deployment, topology
from tests.contracts.waiting import eventually
from tests.platforms.machine import IMAGES, alive, marked

Up = Callable[..., ProcessStack]
SHELL = {**IMAGES, "shell:*": "{command} {args}"}


def shell(script: str, **fields: object) -> Container:
    """Return a container that runs a script."""
    return container("shell:1", command=("/bin/sh", "-c", script), **fields)  # type: ignore[arg-type] # of the test


def job(each: Container, *, parallelism: int = 1, suspended: bool = True, **fields: object) -> Job:
    """Return a Job called ``nightly``, suspended unless it is told otherwise."""
    template = deployment("nightly", each, replicas=parallelism, restart_policy="Never", grace_s=2.0)
    return Job(replace(template, kind="Job"), suspended=suspended, **fields)  # type: ignore[arg-type] # of the test


def declared(*jobs: Job, cron_jobs: tuple[CronJob, ...] = ()) -> Topology:
    """Return a topology of Jobs alone."""
    return replace(topology(), jobs=jobs, cron_jobs=cron_jobs)


def start(up: Up, *jobs: Job) -> Stack:
    """Start a stack of Jobs."""
    return Stack(up(declared(*jobs), images=SHELL))


def test_a_job_runs_when_it_is_applied(up: Up) -> None:
    """A Job that is not suspended starts with the stack and is complete when its Pod has ended well."""
    stack = start(up, job(shell("echo done"), suspended=False))
    finished = stack.jobs["nightly"].first().wait("60s")
    assert (finished.succeeded, finished.reason, finished.exit_code, finished.log) == (True, "Complete", 0, "done\n")


def test_a_suspended_job_waits_to_be_asked(up: Up) -> None:
    """The manifests start none; ``run`` does, with variables of its own over those of the manifest."""
    stack = start(up, job(shell("echo $COLOUR $SIZE", env=(EnvVar("COLOUR", "red"), EnvVar("SIZE", "small")))))
    assert stack.jobs["nightly"].runs == ()
    assert stack.jobs["nightly"].run(env={"COLOUR": "blue"}, timeout="60s").log == "blue small\n"


def test_indexes_run_side_by_side_and_each_once(up: Up) -> None:
    """Every index has a Pod of its own, at its own address, and never more run at once than declared."""
    stack = start(up, job(shell("echo $JOB_COMPLETION_INDEX $HOST"), parallelism=2, completions=3, indexed=True))
    finished = stack.jobs["shop/nightly"].run(timeout="60s")
    said = [line.split() for line in finished.log.splitlines()]
    assert sorted(index for index, _ in said) == ["0", "1", "2"]
    assert len({address for _, address in said}) == 3
    first, second, third = finished.pods
    assert third.started_at >= min(first.ended_at or 0.0, second.ended_at or 0.0)


def test_a_failed_pod_is_replaced_until_the_limit(up: Up) -> None:
    """With backoffLimit 2 there are three Pods, and the Job has failed with the last one's exit status."""
    stack = start(up, job(shell("exit 7"), backoff_limit=2))
    finished = stack.jobs["nightly"].run(timeout="60s")
    assert (finished.succeeded, finished.reason, finished.exit_code, finished.attempts) == (
        False,
        "BackoffLimitExceeded",
        7,
        3,
    )


def test_a_replacement_has_an_empty_volume_of_its_own(up: Up) -> None:
    """An emptyDir lives as long as its Pod, so that a second Pod does not see what the first one left."""
    script = 'test -e /data/left && exit 0; touch /data/left; test "$(ls /data)" = left && exit 3'
    template = replace(job(shell(script, mounts=(Mount("scratch", "/data"),)), backoff_limit=1).template)
    left = Job(replace(template, volumes=(EmptyDirVolume("scratch"),)), backoff_limit=1, suspended=True)
    assert start(up, left).jobs["nightly"].run(timeout="60s").reason == "BackoffLimitExceeded"


def test_under_on_failure_the_container_is_started_again_in_its_pod(up: Up) -> None:
    """One Pod, one restart, and the Job is complete."""
    each = shell("test -e /data/tried && exit 0; touch /data/tried; exit 1", mounts=(Mount("scratch", "/data"),))
    template = replace(job(each).template, restart_policy="OnFailure", volumes=(EmptyDirVolume("scratch"),))
    finished = start(up, Job(template, suspended=True)).jobs["nightly"].run(timeout="60s")
    assert (finished.succeeded, len(finished.pods), finished.attempts) == (True, 1, 2)


def test_a_deadline_ends_the_pods_with_sigterm(up: Up) -> None:
    """activeDeadlineSeconds: the Pod is told to end, and the Job has failed."""
    script = "trap 'echo told to end; exit 0' TERM; echo begun; while :; do sleep 0.05; done"
    for deadline_s in (0.5, 5.0, 50.0):  # a busy machine has not begun within the first
        stack = start(up, job(shell(script), active_deadline_s=deadline_s))
        finished = stack.jobs["nightly"].run(timeout="120s")
        if finished.log.startswith("begun"):
            break
    assert (finished.succeeded, finished.reason) == (False, "DeadlineExceeded")
    assert finished.log == "begun\ntold to end\n"


def test_a_killed_pod_is_replaced(up: Up) -> None:
    """SIGKILL is a failure like another, and no problem of the stack."""
    stack = start(up, job(shell("test $GO || sleep 60"), backoff_limit=1))
    started = stack.jobs["nightly"].start()
    eventually(lambda: started.pods)
    started.kill(started.pods[0])
    eventually(lambda: len(started.pods) == 2)
    started.kill(started.pods[1])
    assert started.wait("60s").exit_code is None
    assert stack.running.problems() == ()


def test_a_job_that_takes_too_long_for_its_caller_is_ended(up: Up) -> None:
    """``run`` raises after its timeout, and nothing of the Job is left."""
    stack = start(up, job(shell("sleep 60")))
    with pytest.raises(StackError, match="still running after 300 ms"):
        stack.jobs["nightly"].run(timeout="300ms")
    assert isinstance(stack.running, ProcessStack)
    assert marked(f"{stack.running._link.stack}/shop/nightly/") == []


def test_the_stop_of_the_stack_ends_its_jobs(up: Up) -> None:
    """Also those that still run."""
    stack = start(up, job(shell("echo $$; sleep 60"), suspended=False))
    started = stack.jobs["nightly"].first()
    eventually(lambda: started.pods and started.pods[0].log.read_text().splitlines()[-1].isdecimal())
    pid = int(started.pods[0].log.read_text().splitlines()[-1])
    stack.running.stop()
    assert not alive(pid)
    assert started.now.phase == "failed"


def test_a_cron_job_runs_when_it_is_asked(up: Up) -> None:
    """As ``kubectl create job --from=cronjob/…`` does."""
    made = replace(job(shell("echo hourly"), suspended=False), kind="CronJob")
    stack = Stack(up(declared(cron_jobs=(CronJob(made, "19 * * * *"),)), images=SHELL))
    finished = stack.cron_jobs["nightly"].run(timeout="60s")
    assert (finished.name, finished.log) == ("shop/nightly-manual", "hourly\n")


def test_a_job_that_is_not_declared_is_named(up: Up) -> None:
    """With those that are."""
    stack = start(up, job(shell("true")))
    with pytest.raises(UsageError, match=r"no Job is called 'weekly'.*shop/nightly"):
        stack.jobs["weekly"]


def test_the_program_of_a_job_must_be_there_before_anything_starts(up: Up) -> None:
    """A Job that runs once a month does not find out then."""
    with pytest.raises(EnvironmentFault, match="no program 'no-such-program'"):
        up(declared(job(container("lost:1"))), images={"lost:*": "no-such-program"})


def test_a_missing_database_server_names_its_package(up: Up, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the machine's fault, and the message says what to install."""
    monkeypatch.setattr(programs, "_SYSTEM_FOLDERS", "/nowhere")
    monkeypatch.setenv("PATH", "/nowhere")
    database = container("mysql:8.4")
    images = {"mysql:*": "{python} -m gonogo_services.batch.mariadb --data {folder:/var/lib/mysql}"}
    with pytest.raises(EnvironmentFault, match=r"no program 'mariadbd'.*apt-get install mariadb-server"):
        up(topology(deployment("mysql", database)), images=images)
