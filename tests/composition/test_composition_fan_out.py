"""One request to several services: deadline, timeouts, retries. Fakes say how much time passes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fixtures.patience import PATIENCE_S
from gonogo_services.composition.backend import Backend, Policy
from gonogo_services.composition.fan_out import FanOut
from gonogo_services.composition.outcome import Failure, FailureKind, Outcome, Prediction
from gonogo_services.composition.retry_budget import RetryBudget

GOOD = Prediction(0.9, 0.1)
RESET = Failure(FailureKind.RESET, "the connection broke")
REFUSED = Failure(FailureKind.STATUS, "status 422")


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now_s


class Script:
    """A caller that answers from a list for each service, taking as long as each entry says."""

    def __init__(self, clock: Clock, **outcomes: list[tuple[float, Outcome]]) -> None:
        self._clock = clock
        self._outcomes = outcomes
        self.asked: list[tuple[str, float]] = []

    async def predict(self, backend: Backend, body: bytes, timeout_s: float) -> Outcome:
        """Answer with the next entry, or a timeout when it takes longer than there is time."""
        assert body == b"flower"
        self.asked.append((backend.name, timeout_s))
        took_s, outcome = self._outcomes[backend.name].pop(0)
        await asyncio.sleep(0)
        self._clock.now_s += min(took_s, timeout_s)
        return outcome if took_s < timeout_s else Failure(FailureKind.TIMEOUT, "no answer in time")

    async def healthy(self, backend: Backend, timeout_s: float) -> bool:
        """Nobody asks."""
        raise AssertionError((backend, timeout_s))


def fan_out(caller: Script, clock: Callable[[], float], *, retries: int = 1, retry_budget: float = 1.0) -> FanOut:
    """A fan-out to two services with a timeout of 1 s each and a deadline of 2 s."""
    backends = {name: Backend(name, f"http://{name}:1", 1.0, Policy.FAIL) for name in ("setosa", "versicolor")}
    return FanOut(backends, caller, deadline_s=2.0, retries=retries, retry_budget=retry_budget, clock=clock)


async def test_every_service_is_asked_and_keeps_its_name() -> None:
    """Outcomes come in the order that was asked in, whoever answers first."""
    script = Script(clock := Clock(), setosa=[(0.1, GOOD)], versicolor=[(0.0, REFUSED)])
    outcomes = await fan_out(script, clock).ask(["setosa", "versicolor"], b"flower")
    assert list(outcomes.items()) == [("setosa", GOOD), ("versicolor", REFUSED)]


async def test_services_are_asked_at_the_same_time() -> None:
    """The second is asked before the first has answered."""
    meeting = asyncio.Barrier(2)

    class Meeting(Script):
        async def predict(self, backend: Backend, body: bytes, timeout_s: float) -> Outcome:
            async with asyncio.timeout(PATIENCE_S):
                await meeting.wait()
            return await super().predict(backend, body, timeout_s)

    script = Meeting(clock := Clock(), setosa=[(0.0, GOOD)], versicolor=[(0.0, GOOD)])
    await fan_out(script, clock).ask(["setosa", "versicolor"], b"flower")
    assert len(script.asked) == 2


async def test_a_failed_attempt_is_tried_again() -> None:
    """The second attempt's prediction counts."""
    script = Script(clock := Clock(), setosa=[(0.1, RESET), (0.1, GOOD)])
    assert await fan_out(script, clock).ask(["setosa"], b"flower") == {"setosa": GOOD}


async def test_there_are_no_more_attempts_than_stated() -> None:
    """RETRIES=2 makes three attempts at most."""
    script = Script(clock := Clock(), setosa=[(0.0, RESET)] * 9)
    assert await fan_out(script, clock, retries=2).ask(["setosa"], b"flower") == {"setosa": RESET}
    assert len(script.asked) == 3


async def test_a_request_that_the_service_refuses_is_not_sent_again() -> None:
    """What is wrong with the request stays wrong."""
    script = Script(clock := Clock(), setosa=[(0.0, REFUSED)] * 2)
    await fan_out(script, clock).ask(["setosa"], b"flower")
    assert len(script.asked) == 1


async def test_an_attempt_has_no_more_time_than_the_request() -> None:
    """After 1.4 of 2 s, the retry may take 0.6 s although the service's timeout is 1 s."""
    script = Script(clock := Clock(), setosa=[(0.7, RESET), (0.7, RESET), (0.1, GOOD)])
    await fan_out(script, clock, retries=2).ask(["setosa"], b"flower")
    assert [round(timeout_s, 9) for _, timeout_s in script.asked] == [1.0, 1.0, 0.6]


async def test_the_deadline_ends_a_request_whatever_is_left_to_try() -> None:
    """Retries are left, time is not: the failure says deadline."""
    script = Script(clock := Clock(), setosa=[(9.0, GOOD)] * 9)
    outcome = (await fan_out(script, clock, retries=5).ask(["setosa"], b"flower"))["setosa"]
    assert isinstance(outcome, Failure)
    assert (outcome.kind, clock.now_s) == (FailureKind.DEADLINE, 2.0)


async def test_retries_stay_within_their_budget() -> None:
    """A service that fails every time gets ten retries and then one for every ten requests."""
    script = Script(clock := Clock(), setosa=[(0.0, RESET)] * 1000)
    asking = fan_out(script, clock, retries=5, retry_budget=0.1)
    for _ in range(200):
        await asking.ask(["setosa"], b"flower")
    assert len(script.asked) - 200 in range(29, 31)


def test_a_budget_of_nothing_gives_no_retry() -> None:
    """RETRY_BUDGET=0 ends retries."""
    budget = RetryBudget(0.0)
    budget.earn()
    assert not budget.spend()


def test_saved_retries_are_bounded() -> None:
    """A long good time does not save up for a storm of retries."""
    budget = RetryBudget(1.0)
    for _ in range(1000):
        budget.earn()
    assert [budget.spend() for _ in range(11)] == [True] * 10 + [False]
