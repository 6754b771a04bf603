"""What became of a chunk, written: predictions in one statement, failures beside them, in the transaction given."""

from __future__ import annotations

from sqlalchemy import Connection

from gonogo_services.batch.dialects.interface import Dialect
from gonogo_services.batch.errors import DatabaseError
from gonogo_services.batch.failures import record
from gonogo_services.batch.policy import Policy
from gonogo_services.batch.prediction import Outcome

__all__ = ["settle"]


def settle(connection: Connection, dialect: Dialect, policy: Policy, outcome: Outcome) -> tuple[int, int, int]:
    """Write the outcome and return rows predicted, rows failed, and those of them that are parked now.

    Raises:
        DatabaseError: other rows than these would have been written, so none may be.
    """
    if outcome.ids:
        stored = dialect.store(connection, outcome.ids, outcome.predictions)
        if stored != len(outcome.ids):
            raise DatabaseError(
                f"not all of the {len(outcome.ids)} rows of a chunk took their prediction, since something else "
                "removed or predicted some meanwhile; the chunk is not written",
                transient=True,
            )
    parked = record(connection, dialect, policy, outcome.failed)
    return len(outcome.ids), len(outcome.failed), parked
