"""Where jobs are kept: the storages of huey, on SQLite or Redis, each with one purpose.

Of huey only the storages are used: what they hold is JSON and names of jobs, never a pickled object that a stranger
with access to the server could have written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from huey.storage import BaseStorage, RedisStorage, SqliteStorage
from redis.exceptions import RedisError

from gonogo_services.errors import ServiceError, SettingsError

__all__ = ["Shelves", "StoreAway", "open_shelves", "storing"]

_BUSY_S = 10.0


class StoreAway(ServiceError):
    """The store of jobs cannot be used now: it is away, full or locked."""


@dataclass(frozen=True, slots=True)
class Shelves:
    """The storages of one queue.

    Attributes:
        queue: names of jobs that are due, and those that are due later.
        envelopes: name to envelope.
        held: name of every unfinished job to the time until which a worker has it; below 0: none has, since then.
        answers: name to answer.
        finished: ``time:name`` of every answer, to find old ones.
        keys: idempotency key to name.
    """

    queue: BaseStorage
    envelopes: BaseStorage
    held: BaseStorage
    answers: BaseStorage
    finished: BaseStorage
    keys: BaseStorage


def open_shelves(url: str) -> Shelves:
    """Return the shelves at ``sqlite:///path`` or ``redis://…``.

    Raises:
        SettingsError: the folder of the file does not exist.
        StoreAway: it cannot be reached.
    """
    with storing():
        parts = urlsplit(url)
        if parts.scheme != "sqlite":
            # Waiting for work must not hold a worker that is told to stop.
            return _named(lambda name: RedisStorage(f"overflow.{name}", url=url, blocking=False, clean_name=False))
        # As SQLAlchemy has it: three slashes for a path from here, four for an absolute one.
        path = Path(parts.path.removeprefix("/"))
        if not path.parent.is_dir():
            raise SettingsError(f"QUEUE_URL: the folder {path.parent} does not exist; make it, or mount a volume there")
        return _named(lambda name: SqliteStorage(name, filename=str(path), fsync=True, timeout=_BUSY_S))


@contextmanager
def storing() -> Iterator[None]:
    """Turn what a storage raises into one error.

    Raises:
        StoreAway: the store is away, full or locked.
    """
    try:
        yield
    except (sqlite3.Error, RedisError, OSError) as error:
        raise StoreAway(f"the queue's store cannot be used: {error}") from error


def _named(make: Callable[[str], BaseStorage]) -> Shelves:
    return Shelves(*(make(name) for name in Shelves.__dataclass_fields__))
