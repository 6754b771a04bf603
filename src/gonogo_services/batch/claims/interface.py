"""What a job needs to hold a chunk of rows that no other job can hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from gonogo_services.batch.chunk import Chunk
from gonogo_services.batch.due import Due
from gonogo_services.batch.prediction import Outcome, Row

__all__ = ["Claims", "HeldChunk"]


@dataclass(frozen=True, slots=True)
class HeldChunk:
    """A chunk that this job holds.

    Attributes:
        singly: reads its rows one by one.
        settle: writes what became of it; returns rows predicted, rows failed, and those of them that are parked now.
            It stands when the block of ``Claims.next_chunk`` has ended well, at the latest.
    """

    chunk: Chunk
    singly: Callable[[], Sequence[Row]]
    settle: Callable[[Outcome], tuple[int, int, int]]


class Claims(Protocol):
    """A way to hold chunks."""

    def lane(self) -> AbstractContextManager[Claims]:
        """Give claims for one lane, which asks for one chunk after the other until the block ends.

        They may hold a chunk that has not been asked for; it is free again when the block has ended.
        """
        ...

    def next_chunk(self, due: Due, after: int | None, size: int) -> AbstractContextManager[HeldChunk | None]:
        """Give up to ``size`` due rows with ids above ``after`` that no other job holds; None: there is none.

        When the block ends well, what was settled has been committed; otherwise nothing of it has been written and
        the rows are free again.

        Raises:
            DatabaseError: the database is gone, full, or refuses.
        """
        ...
