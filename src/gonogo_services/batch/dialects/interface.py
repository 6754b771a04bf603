"""What batch inference needs from a kind of database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Connection, Engine

__all__ = ["Dialect", "separated"]


class Dialect(Protocol):
    """A kind of database."""

    @property
    def name(self) -> str:
        """Return the name of the kind, such as ``mariadb``."""
        ...

    @property
    def one_writer(self) -> bool:
        """Tell whether one transaction at a time writes, so that a job gains nothing by reading outside of it."""
        ...

    def prepare(self, engine: Engine, lease_s: float) -> None:
        """Set what every new connection needs; a job that falls silent loses its locks after ``lease_s`` seconds."""
        ...

    def skips_locked(self, connection: Connection) -> bool:
        """Tell whether the server can leave out rows that another transaction has locked."""
        ...

    def now(self) -> ColumnElement[float]:
        """Return the database's clock: seconds since 1970."""
        ...

    def concatenated(self, column: ColumnElement[Any], separator: str) -> ColumnElement[str]:
        """Return the aggregate that joins the texts of a column, in the order in which rows arrive."""
        ...

    def store(self, connection: Connection, ids: Sequence[int], predictions: str) -> int:
        """Write predictions in one statement; return how many, or another number than asked for if it was not all.

        Args:
            connection: within a transaction.
            ids: rows of ``items`` that have no prediction.
            predictions: JSON without blanks, a list that has a list of numbers for each of them.
        """
        ...

    def lock_for_migration(self, connection: Connection) -> None:
        """Let one connection at a time through to change tables, until the transaction ends or it closes."""
        ...

    def full(self, error: BaseException) -> bool:
        """Tell whether the database's own exception says that there is no room left."""
        ...


def separated(predictions: str, separator: str) -> str:
    """Return the lists of the JSON list ``predictions`` with another separator between them.

    Raises:
        ValueError: a character is in it that no list of numbers has, so that one list could pass for two.
    """
    if any(character in predictions for character in "'\"\\ {};"):
        raise ValueError("a prediction to be stored is no list of numbers")
    return predictions[1:-1].replace("],[", f"]{separator}[")
