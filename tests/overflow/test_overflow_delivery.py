"""What follows from an attempt."""

from __future__ import annotations

import pytest

from gonogo_services.overflow.delivery import Again, End, Reply, decide

BUSY = Reply(503)


def _decide(reply: Reply, attempt: int = 1, age_s: float = 0.0) -> Again | End:
    return decide(reply, attempt=attempt, age_s=age_s, retries=2, deadline_s=100.0)


@pytest.mark.parametrize("status", [200, 302, 400, 404, 422])
def test_an_answer_ends_the_job(status: int) -> None:
    """What the service says about the request is the answer, also when it refuses it."""
    assert _decide(Reply(status)) == End()


@pytest.mark.parametrize("reply", [Reply(429), BUSY, Reply(504), Reply(failure="refused")])
def test_a_busy_or_absent_service_is_asked_again_beyond_the_retries(reply: Reply) -> None:
    """That it is too much for the service is why the job is here."""
    assert isinstance(_decide(reply, attempt=50), Again)


def test_waits_double_up_to_half_a_minute() -> None:
    """0.5 s, 1 s, 2 s, 4 s … 30 s."""
    waits = [_decide(BUSY, attempt) for attempt in (1, 2, 3, 4, 12)]
    assert waits == [Again(0.5), Again(1.0), Again(2.0), Again(4.0), Again(30.0)]


def test_a_service_that_names_a_time_is_given_it() -> None:
    """Retry-After in seconds counts when it is longer."""
    assert _decide(Reply(503, {"retry-after": "7"})) == Again(7.0)


def test_a_fault_is_tried_a_few_times() -> None:
    """An answer of 500 is repeated as often as declared, then the job has failed."""
    assert isinstance(_decide(Reply(500), attempt=2), Again)
    assert _decide(Reply(500), attempt=3) == End("the service answered 500, 3 times")


def test_no_attempt_begins_after_the_deadline() -> None:
    """A job whose next attempt would be too late has failed, and says why."""
    end = _decide(BUSY, age_s=99.8)
    assert isinstance(end, End)
    assert "deadline of 100 s" in end.reason
