"""Which rows are to be predicted now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import ColumnElement, Connection, exists, func, not_, or_, select

from gonogo_services.batch.dialects.interface import Dialect
from gonogo_services.batch.selection import Selection
from gonogo_services.batch.tables import failures, items, unpredicted

__all__ = ["Due", "any_due", "count_due", "simplified"]


@dataclass(frozen=True, slots=True)
class Due:
    """Rows that are selected, have no prediction, are not parked and do not wait for another attempt.

    Attributes:
        selection: which rows are for this job.
        held: ranges of ids that other jobs hold, whose rows are not due.
        failed_before: rows that failed after this moment, in seconds since 1970 by the database's clock, are not
            due; None: those are not due whose wait is not over.
        all_failed: rows are due whether they are parked, wait, or neither.
    """

    selection: Selection = field(default_factory=Selection)
    failed_before: float | None = None
    all_failed: bool = False
    held: Sequence[tuple[int, int]] = ()

    def conditions(self, dialect: Dialect) -> list[ColumnElement[bool]]:
        """Return what a row of ``items`` must fulfil."""
        found = [*self.selection.conditions(), unpredicted()]
        found += [not_(items.c.id.between(first, last)) for first, last in self.held]
        if not self.all_failed:
            moment = dialect.now() if self.failed_before is None else self.failed_before
            waits = or_(failures.c.parked, failures.c.retry_at > moment)
            found.append(~exists().where(failures.c.item_id == items.c.id, waits))
        return found


def simplified(connection: Connection, due: Due) -> Due:
    """Return the same without a look at failures for every row, when there are none at all."""
    if due.all_failed or connection.execute(select(failures.c.item_id).limit(1)).first() is not None:
        return due
    return replace(due, all_failed=True)


def any_due(connection: Connection, dialect: Dialect, due: Due) -> bool:
    """Return whether any row is due."""
    query = select(items.c.id).where(*simplified(connection, due).conditions(dialect)).limit(1)
    return connection.execute(query).first() is not None


def count_due(connection: Connection, dialect: Dialect, due: Due) -> int:
    """Return how many rows are due."""
    query = select(func.count()).select_from(items).where(*simplified(connection, due).conditions(dialect))
    return int(connection.execute(query).scalar_one())
