"""Batch: every row is predicted once and in time, as the online service would, and no fault loses or repeats one."""

import time

import pytest

pytestmark = [pytest.mark.batch, pytest.mark.stack("manifests/batch")]

# Small chunks, so that all Pods of a Job have a share in few rows.
SHARED = {"BATCH_CHUNK": "50", "BATCH_LANES": "1"}
IN_TIME = "batch.duration <= 2min"

# null, a text, two numbers too few, one too many, a text among numbers, more than 32 bits hold, no list.
BAD = [
    "null",
    '"five"',
    "[5.1, 3.5]",
    "[5.1, 3.5, 1.4, 0.2, 1]",
    '[5.1, "3.5", 1.4, 0.2]',
    "[5.1, 3.5, 1.4, 1e39]",
    "{}",
]


def wait_for(condition, timeout_s=60.0):
    """Wait until ``condition()`` holds, for ``timeout_s`` seconds at most."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.02)


def test_predicts_every_row_once_and_in_time(stack, table, facts, summed):
    """Four Pods share the rows: each row has one prediction, which was written once."""
    table.fill(1000)
    job = stack.jobs["batch"].run(env=SHARED, timeout="5m")
    assert job.succeeded, job.log
    facts.require("batch.rows_predicted_once == 1000", table.once(), of=1000)
    facts.require("batch.writes == 1000", sum(table.written().values()))
    facts.require("batch.rows_left == 0", table.counts()["unpredicted"], of=1000)
    facts.require("batch.rows_claimed_by_pods == 1000", summed(job, "predicted"))
    facts.require(IN_TIME, job.duration_s)
    assert facts.go


def test_predicts_as_the_online_service_does(stack, table, facts):
    """The same rows, asked online, get the same answers to a millionth."""
    table.fill(1000)
    job = stack.jobs["batch"].run(env=SHARED, timeout="5m")
    assert job.succeeded, job.log
    rows = table.rows("predicted")
    assert len(rows) == 1000
    with stack["iris"].client() as client:
        asked = client.post("/predict", json={"data": [row["values"] for row in rows]}).raise_for_status()
    unlike = sum(
        row["prediction"] != pytest.approx(online, abs=1e-6)
        for row, online in zip(rows, asked.json()["prediction"], strict=True)
    )
    facts.require("batch.rows_unlike_online == 0", unlike, of=len(rows))
    assert facts.go


def test_parks_bad_rows_and_predicts_all_others(stack, table, facts):
    """Each bad row is parked with its own reason; the rows beside it are predicted."""
    table.fill(200)
    table.add(BAD)
    table.fill(200)
    job = stack.jobs["batch"].run(env={**SHARED, "BATCH_BACKOFF_S": "0.1"}, timeout="5m")
    parked = table.rows("parked")
    facts.require("batch.good_rows_predicted_once == 400", table.once(), of=400)
    facts.require(f"batch.bad_rows_parked == {len(BAD)}", len(parked), of=len(BAD))
    facts.require("batch.parked_without_reason == 0", sum(not row["reason"] for row in parked), of=len(BAD))
    facts.require("batch.exit_code == 0", -1 if job.exit_code is None else job.exit_code)
    assert facts.go


def test_writes_all_rows_or_none_where_rows_depend_on_each_other(stack, table, facts):
    """Under retry-all one bad row keeps every row unpredicted, and the Job fails after its last attempt."""
    table.fill(100)
    table.add(BAD[:1])
    env = {"BATCH_POLICY": "retry-all", "BATCH_ATTEMPTS": "2", "BATCH_BACKOFF_S": "0.1"}
    job = stack.cron_jobs["batch-hourly"].run(env=env, timeout="5m")
    facts.require("batch.rows_written_of_a_whole_that_failed == 0", len(table.written()), of=100)
    facts.require("batch.attempts == 5", job.attempts)
    assert facts.go
    assert (job.succeeded, job.reason, job.exit_code) == (False, "BackoffLimitExceeded", 1)


def test_leaves_bad_rows_to_the_next_run_where_that_is_declared(stack, table, facts):
    """Under leave no row is parked, and every good row is predicted."""
    table.fill(100)
    table.add(BAD)
    job = stack.cron_jobs["batch-hourly"].run(env={"BATCH_POLICY": "leave"}, timeout="5m")
    assert job.succeeded, job.log
    facts.require("batch.rows_parked == 0", table.counts()["parked"], of=len(BAD))
    facts.require("batch.good_rows_predicted_once == 100", table.once(), of=100)
    facts.require(f"batch.rows_left == {len(BAD)}", table.counts()["unpredicted"], of=100)
    assert facts.go


def test_a_pod_killed_at_work_loses_and_repeats_no_row(stack, table, facts):
    """One Pod is killed in the middle; another takes its place, and every row is predicted once."""
    table.fill(4000)
    job = stack.jobs["batch"].start(env={**SHARED, "BATCH_CHUNK": "20"})
    wait_for(table.written)
    victim = next(pod for pod in job.pods if pod.phase == "running")
    job.kill(victim)
    finished = job.wait("5m")
    assert finished.succeeded, finished.log
    facts.require("batch.pods_killed == 1", sum(pod.phase == "failed" for pod in finished.pods))
    facts.require("batch.rows_predicted_once == 4000", table.once(), of=4000)
    facts.require("batch.writes == 4000", sum(table.written().values()))
    facts.require(IN_TIME, finished.duration_s)
    assert facts.go


def test_the_hourly_run_is_due_at_its_minute(stack, table, facts):
    """The CronJob is due at 19 past every hour, and does what the Job does."""
    table.fill(100)
    due = stack.cron_jobs["batch-hourly"].next_times(24)
    assert {moment.minute for moment in due} == {19}
    assert len({(moment.date(), moment.hour) for moment in due}) == 24
    job = stack.cron_jobs["batch-hourly"].run(timeout="5m")
    assert job.succeeded, job.log
    facts.require("batch.rows_predicted_once == 100", table.once(), of=100)
    assert facts.go


def test_a_database_killed_at_work_loses_and_repeats_no_row(stack, table, facts):
    """The database is killed in the middle and comes back with its data; every row is predicted once."""
    table.fill(4000)
    job = stack.jobs["batch"].start(env={**SHARED, "BATCH_CHUNK": "20", "BATCH_TRIES": "8"})
    wait_for(table.written)
    before = len(table.written())
    stack["mysql"].kill()
    finished = job.wait("5m")
    assert finished.succeeded, finished.log
    facts.require("batch.rows_there_when_the_database_was_killed < 4000", before)
    facts.require("batch.rows_predicted_once == 4000", table.once(), of=4000)
    facts.require("batch.writes == 4000", sum(table.written().values()))
    facts.require(IN_TIME, finished.duration_s)
    assert facts.go
