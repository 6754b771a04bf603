"""Jobs on SQLite and on Redis alike."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from gonogo_services.errors import SettingsError
from gonogo_services.overflow.envelope import Answer, Envelope
from gonogo_services.overflow.jobs import FullError, Jobs, Status
from gonogo_services.overflow.shelves import StoreAway, open_shelves

ENVELOPE = Envelope("POST", "/predict?a=1", {"content-type": "application/json"}, b"\x00\xff", 1000.0)
ANSWER = Answer(200, {"content-type": "text/plain"}, b"\xfe", 1000.0, 1001.0, 1)


@dataclass
class Clock:
    """Seconds that pass when a test says so; near the present, since stores compare them with it."""

    now_s: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    """The clock of ``jobs``."""
    return Clock()


@pytest.fixture
def jobs(store: str, clock: Clock) -> Jobs:
    """An empty queue of three at most, with leases of ten seconds."""
    return Jobs(open_shelves(store), most=3, lease_s=10, now=clock)


def test_a_job_is_taken_once_as_it_was_accepted(jobs: Jobs) -> None:
    """The envelope comes back whole, with the number of the attempt, and to one worker only."""
    name = jobs.accept(ENVELOPE)
    assert jobs.take() == (name, ENVELOPE, 1)
    assert jobs.take() is None


def test_a_job_has_a_state_at_every_moment(jobs: Jobs) -> None:
    """Queued, running, done, and unknown when there is none of that name."""
    name = jobs.accept(ENVELOPE)
    states = [jobs.state(name)]
    jobs.take()
    states.append(jobs.state(name))
    jobs.finish(name, ANSWER)
    states.append(jobs.state(name))
    assert [each and each.status for each in states] == [Status.QUEUED, Status.RUNNING, Status.DONE]
    assert states[-1] is not None
    assert states[-1].answer == ANSWER
    assert jobs.state("0" * 32) is None


def test_the_first_answer_stays(jobs: Jobs) -> None:
    """A job that was delivered twice, after a crash, keeps the answer that a client may have read."""
    name = jobs.accept(ENVELOPE)
    jobs.finish(name, ANSWER)
    jobs.finish(name, Answer(500, {}, b"", 1000.0, 1002.0, 2, "late"))
    state = jobs.state(name)
    assert state is not None
    assert state.answer == ANSWER


def test_no_more_are_taken_than_may_be_unfinished(jobs: Jobs) -> None:
    """The queue is bounded, and takes again when a job is finished."""
    names = [jobs.accept(ENVELOPE) for _ in range(3)]
    with pytest.raises(FullError):
        jobs.accept(ENVELOPE)
    jobs.finish(names[0], ANSWER)
    jobs.accept(ENVELOPE)
    assert jobs.unfinished == 3


def test_the_same_key_is_the_same_job(jobs: Jobs) -> None:
    """A client that repeats its request gets the job that it has, also when the queue is full."""
    name = jobs.accept(ENVELOPE, "order-7")
    jobs.accept(ENVELOPE)
    jobs.accept(ENVELOPE)
    assert jobs.accept(ENVELOPE, "order-7") == name
    assert jobs.unfinished == 3


def test_a_job_that_is_put_back_is_due_later(jobs: Jobs, clock: Clock) -> None:
    """Not before its time, and with the next number of attempt."""
    name = jobs.accept(ENVELOPE)
    jobs.take()
    jobs.again(name, 5.0)
    jobs.make_due()
    assert jobs.take() is None
    clock.now_s += 6
    jobs.make_due()
    assert jobs.take() == (name, ENVELOPE, 2)


def test_a_job_of_a_dead_worker_is_found_again(jobs: Jobs, clock: Clock) -> None:
    """When its lease is over, and not while the worker may live."""
    name = jobs.accept(ENVELOPE)
    jobs.take()
    assert jobs.recover() == 0
    clock.now_s += 11
    assert jobs.recover() == 1
    assert jobs.take() == (name, ENVELOPE, 2)


def test_a_job_that_is_due_is_not_queued_twice(jobs: Jobs) -> None:
    """What waits in the queue, or for its time, is not lost."""
    jobs.accept(ENVELOPE)
    later = jobs.accept(ENVELOPE)
    taken = jobs.take()
    assert taken is not None
    jobs.again(taken[0], 5.0)
    assert jobs.recover() == 0
    assert later


def test_old_answers_are_forgotten(jobs: Jobs, clock: Clock) -> None:
    """After the time for which they are kept, and not before."""
    name = jobs.accept(ENVELOPE)
    jobs.finish(name, Answer(200, {}, b"", clock.now_s, clock.now_s, 1))
    assert jobs.forget(60) == 0
    clock.now_s += 61
    assert jobs.forget(60) == 1
    assert jobs.state(name) is None


def test_a_store_that_is_away_is_one_error() -> None:
    """A Redis that nobody runs is said in one line."""
    shelves = open_shelves("redis://127.0.0.1:1/0")
    with pytest.raises(StoreAway, match="cannot be used"):
        Jobs(shelves, most=1, lease_s=1, now=Clock()).accept(ENVELOPE)


def test_a_folder_that_is_missing_is_named() -> None:
    """A queue in a folder that does not exist stops the start."""
    with pytest.raises(SettingsError, match="/nowhere/at/all does not exist"):
        open_shelves("sqlite:////nowhere/at/all/jobs.db")
