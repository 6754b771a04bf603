"""Predictions of services that are not active: kept, so many and no more, the oldest overwritten."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gonogo_services.composition.outcome import Failure, Outcome
from gonogo_services.composition.shared_memory import SharedMemory
from gonogo_services.errors import SettingsError

__all__ = ["Collected", "Collection"]

_HEADER: Final = struct.Struct("=QQ")
_ROW: Final = struct.Struct("=d32s4dddd12sI")
_OK: Final = "ok"


@dataclass(frozen=True, slots=True)
class Collected:
    """One prediction that was in no answer.

    Attributes:
        at_s: when it was made, in seconds since the epoch.
        service: who made it.
        flower: what was asked, four lengths in centimetres.
        outcome: ``ok``, or the kind of failure.
        probability: of the class; 0 when it failed.
        rest: of the rest; 0 when it failed.
        took_s: how long the service took.
        parameters_version: which parameters held when the request came.
    """

    at_s: float
    service: str
    flower: tuple[float, float, float, float]
    outcome: str
    probability: float
    rest: float
    took_s: float
    parameters_version: int


class Collection:
    """A ring of predictions in memory that all workers share, to be made before they are forked.

    Args:
        rows: how many are kept.
        path: a file that keeps them across restarts; None: they end with the proxy.

    Raises:
        SettingsError: the file cannot be used, or holds another number of rows.
    """

    def __init__(self, rows: int, path: Path | None = None) -> None:
        try:
            self._memory = SharedMemory(_HEADER.size + rows * _ROW.size, path)
        except OSError as error:
            raise SettingsError(f"COLLECTED_FILE={str(path)!r} cannot be used for {rows} rows: {error}") from error
        self._rows = rows

    def add(
        self,
        *,
        at_s: float,
        service: str,
        flower: tuple[float, float, float, float],
        outcome: Outcome,
        took_s: float,
        parameters_version: int,
    ) -> None:
        """Keep one; the oldest goes when there is no room."""
        if isinstance(outcome, Failure):
            kind, probability, rest = outcome.kind.value, 0.0, 0.0
        else:
            kind, probability, rest = _OK, outcome.probability, outcome.rest
        row = (at_s, service.encode(), *flower, probability, rest, took_s, kind.encode(), parameters_version)
        with self._memory.locked() as memory:
            total, dropped = _HEADER.unpack_from(memory)
            place = _HEADER.size + total % self._rows * _ROW.size
            _ROW.pack_into(memory, place, *row)
            _HEADER.pack_into(memory, 0, total + 1, dropped)

    def drop(self) -> None:
        """Count one that was not asked for, because too many were waiting."""
        with self._memory.locked() as memory:
            total, dropped = _HEADER.unpack_from(memory)
            _HEADER.pack_into(memory, 0, total, dropped + 1)

    def counts(self) -> tuple[int, int]:
        """Return how many were ever kept, and how many dropped."""
        with self._memory.locked() as memory:
            total, dropped = _HEADER.unpack_from(memory)
        return total, dropped

    def latest(self, most: int) -> list[Collected]:
        """Return at most ``most`` of those that are kept, the newest first."""
        with self._memory.locked() as memory:
            total, _ = _HEADER.unpack_from(memory)
            numbers = range(total - 1, max(-1, total - 1 - min(most, self._rows)), -1)
            rows = [_ROW.unpack_from(memory, _HEADER.size + number % self._rows * _ROW.size) for number in numbers]
        return [
            Collected(at_s, _text(service), (a, b, c, d), _text(kind), probability, rest, took_s, version)
            for at_s, service, a, b, c, d, probability, rest, took_s, kind, version in rows
        ]


def _text(padded: bytes) -> str:
    return padded.rstrip(b"\0").decode()
