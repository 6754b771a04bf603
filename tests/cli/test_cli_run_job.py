"""``gonogo run-job``: a stack comes up, one of its Jobs runs, and the exit status says how it ended."""

from __future__ import annotations

import pytest

from fixtures.projects import Project

JOBS = """\
apiVersion: batch/v1
kind: Job
metadata: {name: greet}
spec:
  suspend: true
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{name: greet, image: "shell:1", command: [/bin/sh, -c, "echo hello $WHO; exit ${STATUS:-0}"]}]
"""


@pytest.fixture
def jobs(project: Project) -> Project:
    """A project with a Job, whose image runs the manifest's own command."""
    project.write("jobs/greet.yaml", JOBS)
    project.write("pyproject.toml", '[tool.gonogo.images]\n"shell:*" = "{command} {args}"\n')
    return project


@pytest.mark.parametrize(("status", "expected", "reason"), [("0", 0, "Complete"), ("5", 1, "BackoffLimitExceeded")])
def test_the_exit_status_says_how_the_job_ended(jobs: Project, status: str, expected: int, reason: str) -> None:
    """0 when it is complete, 1 when it has failed; what its Pods wrote is on standard output."""
    ran = jobs.gonogo("run-job", "greet", "jobs", "--env", "WHO=you", "--env", f"STATUS={status}")
    assert (ran.returncode, ran.stdout) == (expected, "hello you\n"), ran.stderr
    assert f"default/greet: {reason} after" in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["wave", "jobs"], "no Job or CronJob is called 'wave'; the manifests declare: Job default/greet"),
        (["greet", "jobs", "--env", "WHO"], "'WHO' sets no variable"),
    ],
)
def test_what_cannot_run_is_told_before_anything_starts(jobs: Project, arguments: list[str], said: str) -> None:
    """One line, and exit status 2."""
    ran = jobs.gonogo("run-job", *arguments)
    assert ran.returncode == 2
    assert said in ran.stderr
