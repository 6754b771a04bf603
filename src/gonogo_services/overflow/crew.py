"""The threads that deliver jobs: they take, ask, decide and keep, until told to stop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

import httpx

from gonogo_services.overflow.delivery import Again, ask, decide
from gonogo_services.overflow.envelope import Answer, Envelope
from gonogo_services.overflow.jobs import Jobs
from gonogo_services.overflow.settings import OverflowSettings
from gonogo_services.overflow.shelves import StoreAway

__all__ = ["Crew"]

_IDLE_S: Final = 0.05
_TIDY_S: Final = 1.0
_RECOVER_EVERY: Final = 3
_FORGET_EVERY: Final = 600
_AWAY_S: Final = 1.0

logger = logging.getLogger(__name__)


class Crew:
    """Delivers the jobs; entered to begin, left to stop after the attempts under way.

    Args:
        jobs: what is to be done.
        settings: how.
    """

    def __init__(self, jobs: Jobs, settings: OverflowSettings) -> None:
        self._jobs = jobs
        self._settings = settings
        self._stop = threading.Event()
        self._client = httpx.Client(
            base_url=settings.upstream,
            timeout=settings.timeout_s,
            trust_env=False,
            limits=httpx.Limits(max_connections=settings.concurrency),
        )
        loops = [self._tidy, *[self._deliver] * settings.concurrency]
        self._threads = [threading.Thread(target=self._repeat, args=(loop,), name="delivery") for loop in loops]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._client.close()

    def _repeat(self, loop: Callable[[int], float]) -> None:
        """Call ``loop`` again and again, with the number of the call; it returns how long to wait."""
        turn = 0
        while not self._stop.is_set():
            try:
                wait_s = loop(turn)
            except StoreAway as error:
                logger.error("%s", error)  # noqa: TRY400 - the store is away; where we noticed helps nobody
                wait_s = _AWAY_S
            turn += 1
            self._stop.wait(wait_s)

    def _deliver(self, _turn: int) -> float:
        taken = self._jobs.take()
        if taken is None:
            return _IDLE_S
        self._attempt(*taken)
        return 0.0

    def _tidy(self, turn: int) -> float:
        self._jobs.make_due()
        if turn % _RECOVER_EVERY == 0 and (lost := self._jobs.recover()):
            logger.warning("%d jobs were left by a worker that died; they are queued again", lost)
        if turn % _FORGET_EVERY == 0:
            self._jobs.forget(self._settings.keep_s)
        return _TIDY_S

    def _attempt(self, name: str, envelope: Envelope, attempt: int) -> None:
        reply = ask(self._client, envelope)
        now_s = time.time()
        next_step = decide(
            reply,
            attempt=attempt,
            age_s=now_s - envelope.accepted_s,
            retries=self._settings.retries,
            deadline_s=self._settings.deadline_s,
        )
        if isinstance(next_step, Again):
            self._jobs.again(name, next_step.delay_s)
            return
        if next_step.reason:
            logger.warning("job %s failed: %s", name, next_step.reason)
        answer = Answer(
            reply.status, reply.headers or {}, reply.body, envelope.accepted_s, now_s, attempt, next_step.reason
        )
        self._jobs.finish(name, answer)
