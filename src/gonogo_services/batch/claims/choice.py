"""Which way of claiming a database allows."""

from __future__ import annotations

from typing import Final

from gonogo_services.batch.claims.interface import Claims
from gonogo_services.batch.claims.leases import Leases
from gonogo_services.batch.claims.row_locks import RowLocks
from gonogo_services.batch.database import Database
from gonogo_services.batch.policy import Policy
from gonogo_services.errors import SettingsError

__all__ = ["AUTO", "KINDS", "LEASES", "LOCKS", "claims_for"]

AUTO: Final = "auto"
LOCKS: Final = "locks"
LEASES: Final = "leases"
KINDS: Final = (AUTO, LOCKS, LEASES)


def claims_for(database: Database, policy: Policy, kind: str = AUTO) -> Claims:
    """Return the claims of ``kind``; ``auto``: row locks where the server can skip locked rows, leases elsewhere.

    All jobs on one table must use the same kind.

    Raises:
        SettingsError: row locks were asked for and the server cannot skip locked rows.
    """
    with database.reading() as connection:
        skips = database.dialect.skips_locked(connection)
    if kind == LOCKS and not skips:
        raise SettingsError(f"{database.described} cannot skip locked rows; use the claims {LEASES} or {AUTO}")
    return RowLocks(database, policy) if skips and kind != LEASES else Leases(database, policy)
