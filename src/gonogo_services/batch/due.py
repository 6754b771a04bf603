"""Which rows are to be predicted now."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Connection, exists, func, or_, select

from gonogo_services.batch.dialects.interface import Dialect
from gonogo_services.batch.selection import Selection
from gonogo_services.batch.tables import failures, items, unpredicted

__all__ = ["Due", "count_due"]


@dataclass(frozen=True, slots=True)
class Due:
    """Rows that are selected, have no prediction, are not parked and do not wait for another attempt.

    Attributes:
        failed_before: rows that failed after this moment, in seconds since 1970 by the database's clock, are not
            due; None: those are not due whose wait is not over.
        all_failed: rows are due whether they are parked, wait, or neither.
    """

    selection: Selection = field(default_factory=Selection)
    failed_before: float | None = None
    all_failed: bool = False

    def conditions(self, dialect: Dialect) -> list[ColumnElement[bool]]:
        """Return what a row of ``items`` must fulfil."""
        found = [*self.selection.conditions(), unpredicted()]
        if not self.all_failed:
            moment = dialect.now() if self.failed_before is None else self.failed_before
            waits = or_(failures.c.parked, failures.c.retry_at > moment)
            found.append(~exists().where(failures.c.item_id == items.c.id, waits))
        return found


def count_due(connection: Connection, dialect: Dialect, due: Due) -> int:
    """Return how many rows are due."""
    query = select(func.count()).select_from(items).where(*due.conditions(dialect))
    return int(connection.execute(query).scalar_one())
