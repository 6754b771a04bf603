"""The record of rows that could not be predicted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, delete, exists, func, select

from gonogo_services.batch.dialects.interface import Dialect
from gonogo_services.batch.policy import Policy
from gonogo_services.batch.selection import Selection
from gonogo_services.batch.tables import REASON_LENGTH, failures, items, unpredicted

__all__ = ["Waiting", "clear", "forget_predicted", "record", "waiting"]

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Waiting:
    """Rows of a selection that failed: ``parked`` for good, ``later`` to be tried again, the first in ``wait_s``."""

    parked: int
    later: int
    wait_s: float


def record(connection: Connection, dialect: Dialect, policy: Policy, reasons: Mapping[int, str]) -> int:
    """Write down that rows failed, and return how many of them are parked now."""
    if not reasons:
        return 0
    now = connection.execute(select(dialect.now())).scalar_one()
    rows = sorted(reasons)
    parked = 0
    for start in range(0, len(rows), _AT_ONCE):
        part = rows[start : start + _AT_ONCE]
        known = failures.c.item_id.in_(part)
        before = dict(connection.execute(select(failures.c.item_id, failures.c.attempts).where(known)).all())
        retries = {row: policy.after_failure(before.get(row, 0) + 1) for row in part}
        parked += sum(retry.parked for retry in retries.values())
        connection.execute(delete(failures).where(known))
        connection.execute(
            failures.insert(),
            [
                {
                    "item_id": row,
                    "attempts": before.get(row, 0) + 1,
                    "reason": reasons[row][:REASON_LENGTH],
                    "retry_at": float(now) + retry.wait_s,
                    "parked": retry.parked,
                }
                for row, retry in retries.items()
            ],
        )
    return parked


def waiting(connection: Connection, dialect: Dialect, selection: Selection) -> Waiting:
    """Return how many rows of the selection are parked or wait for another attempt."""
    query = (
        select(failures.c.parked, func.count(), func.min(failures.c.retry_at), dialect.now())
        .join(items, items.c.id == failures.c.item_id)
        .where(*selection.conditions(), unpredicted())
        .group_by(failures.c.parked)
    )
    parked = later = 0
    wait_s = 0.0
    for is_parked, count, first, now in connection.execute(query):
        if is_parked:
            parked = count
        else:
            later, wait_s = count, max(0.0, float(first) - float(now))
    return Waiting(parked, later, wait_s)


def clear(connection: Connection, selection: Selection) -> int:
    """Forget the failures of the selected rows, so that parked ones are tried again; return how many there were."""
    chosen = exists().where(items.c.id == failures.c.item_id, *selection.conditions())
    return connection.execute(delete(failures).where(chosen)).rowcount


def forget_predicted(connection: Connection) -> None:
    """Forget the failures of rows that have been predicted or removed since."""
    if connection.execute(select(failures.c.item_id).limit(1)).first() is None:
        return
    still = exists().where(items.c.id == failures.c.item_id, unpredicted())
    connection.execute(delete(failures).where(~still))
