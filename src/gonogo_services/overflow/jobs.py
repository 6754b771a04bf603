"""The jobs: accepted, taken, answered, found again after a crash.

A job lies on ``held`` from its acceptance to its answer; the queue only says which is due. So whatever is lost
from the queue when a worker is killed is found again by :meth:`Jobs.recover`: an unfinished job that is neither due nor
in a worker's hands. A job may therefore be sent to the upstream twice; its answer is kept once.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from huey.constants import EmptyData

from gonogo_services.overflow.envelope import Answer, Envelope
from gonogo_services.overflow.shelves import Shelves, storing

__all__ = ["FullError", "JobState", "Jobs", "Status"]

_SETTLED_S = 2.0
"""So long after a job was put back it must lie in the queue, or whoever was about to queue it has died."""


class FullError(Exception):
    """As many jobs as may be are unfinished."""


class Status(StrEnum):
    """Where a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class JobState:
    """Where a job is, with its answer when it has one."""

    status: Status
    accepted_s: float
    answer: Answer | None = None


class Jobs:
    """The jobs of one store, for any number of workers and processes.

    Every method raises StoreAway when the store cannot be used.

    Args:
        shelves: where they lie.
        most: unfinished ones at once. Acceptances of several processes at the same moment may go over it by one each.
        lease_s: how long a worker may have a job before others think that it died.
        now: seconds since 1970.
    """

    def __init__(self, shelves: Shelves, *, most: int, lease_s: float, now: Callable[[], float]) -> None:
        self._shelves = shelves
        self._most = most
        self._lease_s = lease_s
        self._now = now

    @property
    def unfinished(self) -> int:
        """How many jobs have no answer yet."""
        with storing():
            return int(self._shelves.held.result_store_size())

    def accept(self, envelope: Envelope, key: str = "") -> str:
        """Keep ``envelope`` durably and return its name; the same ``key`` gives the same name again.

        Raises:
            FullError: as many as may be are unfinished.
        """
        with storing():
            name = uuid.uuid4().hex
            if key:
                known = self._shelves.keys.peek_data(key)
                if known is not EmptyData:
                    return bytes(known).decode()
            if self.unfinished >= self._most:
                raise FullError
            self._shelves.envelopes.put_data(name, envelope.to_bytes())
            self._shelves.held.put_data(name, self._free())
            if key and not self._shelves.keys.put_if_empty(key, name.encode()):
                self._drop(name)  # another with this key was faster
                return bytes(self._shelves.keys.peek_data(key)).decode()
            self._shelves.queue.enqueue(name.encode())
        return name

    def state(self, name: str) -> JobState | None:
        """Return where the job is; None when there is none of that name, or no more."""
        with storing():
            kept = self._shelves.answers.peek_data(name)
            if kept is not EmptyData:
                answer = Answer.from_bytes(bytes(kept))
                return JobState(Status.FAILED if answer.reason else Status.DONE, answer.accepted_s, answer)
            waiting = self._shelves.envelopes.peek_data(name)
            if waiting is EmptyData:
                return None
            status = Status.RUNNING if self._held(name) else Status.QUEUED
        return JobState(status, Envelope.from_bytes(bytes(waiting)).accepted_s)

    def take(self) -> tuple[str, Envelope, int] | None:
        """Return a job that is due, its envelope, and which attempt this is; None when none is due."""
        with storing():
            found = self._shelves.queue.dequeue()
            if found is None:
                return None
            name = bytes(found).decode()
            waiting = self._shelves.envelopes.peek_data(name)
            if waiting is EmptyData or self._held(name):
                return None  # answered, or in another worker's hands
            self._shelves.held.put_data(name, b"%.3f" % (self._now() + self._lease_s))
            return name, Envelope.from_bytes(bytes(waiting)), int(self._shelves.envelopes.incr(name))

    def finish(self, name: str, answer: Answer) -> None:
        """Keep the answer of a job, unless it has one."""
        with storing():
            if self._shelves.answers.put_if_empty(name, answer.to_bytes()):
                self._shelves.finished.put_data(f"{answer.finished_s:.3f}:{name}", b"")
            self._drop(name)

    def again(self, name: str, delay_s: float) -> None:
        """Put a job back, to be due in ``delay_s`` seconds."""
        with storing():
            due = datetime.fromtimestamp(self._now() + delay_s, UTC).astimezone().replace(tzinfo=None)
            self._shelves.queue.add_to_schedule(name.encode(), due)
            self._shelves.held.put_data(name, self._free())

    def make_due(self) -> None:
        """Queue the jobs whose time has come."""
        with storing():
            now = datetime.fromtimestamp(self._now(), UTC).astimezone().replace(tzinfo=None)
            for name in self._shelves.queue.read_schedule(now):
                self._shelves.queue.enqueue(bytes(name))

    def recover(self) -> int:
        """Queue the unfinished jobs that nobody has and return how many there were."""
        with storing():
            shelves = self._shelves
            queued = {
                bytes(name).decode() for name in (*shelves.queue.enqueued_items(), *shelves.queue.scheduled_items())
            }
            lost = 0
            for name in map(_text, shelves.held.result_items()):
                if shelves.answers.has_data_for_key(name):
                    self._drop(name)  # killed between the answer and this
                elif name not in queued and self._abandoned(name):
                    shelves.queue.enqueue(name.encode())
                    lost += 1
        return lost

    def forget(self, older_than_s: float) -> int:
        """Drop answers given more than ``older_than_s`` seconds ago and return how many there were."""
        with storing():
            before = self._now() - older_than_s
            old = [
                text
                for text in map(_text, self._shelves.finished.result_items())
                if float(text.partition(":")[0]) < before
            ]
            for text in old:
                self._shelves.answers.delete_data(text.partition(":")[2])
                self._shelves.finished.delete_data(text)
        return len(old)

    def _drop(self, name: str) -> None:
        self._shelves.envelopes.delete_data(name)
        self._shelves.envelopes.delete_counter(name)
        self._shelves.held.delete_data(name)

    def _free(self) -> bytes:
        return b"%.3f" % -self._now()

    def _held(self, name: str) -> bool:
        until = self._shelves.held.peek_data(name)
        return until is not EmptyData and float(bytes(until)) > self._now()

    def _abandoned(self, name: str) -> bool:
        until = self._shelves.held.peek_data(name)
        if until is EmptyData:
            return False
        until_s = float(bytes(until))
        return abs(until_s) + (_SETTLED_S if until_s < 0 else 0.0) < self._now()


def _text(key: str | bytes) -> str:
    return key.decode() if isinstance(key, bytes) else key
