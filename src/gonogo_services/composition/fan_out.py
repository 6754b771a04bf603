"""One request to several services at once: a deadline for all, a timeout and retries for each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from gonogo_services.composition.backend import Backend
from gonogo_services.composition.caller import Caller
from gonogo_services.composition.outcome import Failure, FailureKind, Outcome, Prediction
from gonogo_services.composition.retry_budget import RetryBudget

__all__ = ["FanOut"]


class FanOut:
    """Asks services at the same time.

    Args:
        backends: all services by name.
        caller: how one is asked once.
        deadline_s: how long a request may take, whatever the timeouts and retries.
        retries: further attempts at one service for one request.
        retry_budget: how many retries a request earns, on average, from 0 to 1.
        clock: a steady clock in seconds.
    """

    def __init__(
        self,
        backends: Mapping[str, Backend],
        caller: Caller,
        *,
        deadline_s: float,
        retries: int,
        retry_budget: float,
        clock: Callable[[], float],
    ) -> None:
        self._backends = backends
        self._caller = caller
        self._deadline_s = deadline_s
        self._retries = retries
        self._budgets = {name: RetryBudget(retry_budget) for name in backends}
        self._clock = clock

    async def ask(self, names: Sequence[str], body: bytes) -> dict[str, Outcome]:
        """Return what became of each service in ``names``, by the deadline."""
        due_s = self._clock() + self._deadline_s
        outcomes = await asyncio.gather(*(self._ask(self._backends[name], body, due_s) for name in names))
        return dict(zip(names, outcomes, strict=True))

    async def _ask(self, backend: Backend, body: bytes, due_s: float) -> Outcome:
        budget = self._budgets[backend.name]
        budget.earn()
        retries = self._retries
        while True:
            left_s = due_s - self._clock()
            if left_s <= 0:
                return self._late()
            outcome = await self._caller.predict(backend, body, min(left_s, backend.timeout_s))
            if isinstance(outcome, Prediction):
                return outcome
            if outcome.kind is FailureKind.TIMEOUT and left_s <= backend.timeout_s:
                return self._late()
            if not retries or not outcome.worth_a_retry or not budget.spend():
                return outcome
            retries -= 1

    def _late(self) -> Failure:
        return Failure(FailureKind.DEADLINE, f"no answer within the {self._deadline_s:.3g} s that a request may take")
