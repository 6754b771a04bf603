"""One lane of a job: claims a chunk, has it predicted, writes it, and goes on until there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gonogo_services.batch.claims.interface import Claims
from gonogo_services.batch.due import Due
from gonogo_services.batch.errors import DatabaseError
from gonogo_services.batch.prediction import Predict, predict_chunk
from gonogo_services.batch.stop import Stop
from gonogo_services.batch.walk import Step, Walk
from gonogo_services.errors import ServiceError

__all__ = ["Lane"]

_FIRST_WAIT_S = 0.25


@dataclass(frozen=True, slots=True)
class Lane:
    """What a lane needs; lanes share all of it.

    Attributes:
        halt: tells whether another lane has failed.
        done: is told rows predicted, rows failed and rows parked after each chunk.
        say: is told what went wrong and is tried again.
        tries: how often a chunk is tried while the database is away.
    """

    claims: Claims
    due: Due
    predict: Predict
    walk: Walk
    stop: Stop
    halt: Callable[[], bool]
    done: Callable[[int, int, int], None]
    say: Callable[[str], None]
    tries: int

    def work(self) -> None:
        """Do chunks until none is due, the limit is reached, or a stop is asked for; the chunk at hand is finished.

        Raises:
            DatabaseError: the database stayed away, is full, or refuses.
        """
        with self.claims.lane() as claims:
            self._work(claims)

    def _work(self, claims: Claims) -> None:
        failed = 0
        while not self.stop.requested and not self.halt():
            step = self.walk.step()
            if step is None:
                return
            try:
                found = self._one(claims, step)
            except DatabaseError as error:
                self.walk.took(step, 0, None)
                failed += 1
                if not error.transient or failed >= self.tries:
                    raise
                wait_s = _FIRST_WAIT_S * 2 ** (failed - 1)
                self.say(f"{error}; trying again in {wait_s:g} s")
                self.stop.wait(wait_s)
            except ServiceError:
                self.walk.took(step, 0, None)
                raise
            else:
                failed = 0
                if not found:
                    return

    def _one(self, claims: Claims, step: Step) -> bool:
        with claims.next_chunk(self.due, step.after, step.size) as held:
            if held is None:
                self.walk.took(step, 0, None)
                return False
            outcome = predict_chunk(self.predict, held.chunk.ids, held.chunk.joined, held.singly)
            counts = held.settle(outcome)
        self.walk.took(step, len(held.chunk.ids), held.chunk.last)
        self.done(*counts)
        return True
