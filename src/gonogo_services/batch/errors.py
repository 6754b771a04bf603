"""The errors of batch inference, below those of every service.

::

    ServiceError
    ├── DatabaseError     the database is gone, full, or refuses        exit status 1
    │   └── TableError    the table ``items`` there is another one      exit status 1
    ├── RowsRefused       retry-all: rows cannot be predicted           exit status 1
    ├── DeadlineRefused   the job would not finish in time              exit status 3
    └── RowsHeld          other jobs hold rows that are left            exit status 75
"""

from __future__ import annotations

from gonogo_services.errors import ServiceError

__all__ = ["LATE", "UNFINISHED", "DatabaseError", "DeadlineRefused", "RowsHeld", "RowsRefused", "TableError"]

LATE = 3
UNFINISHED = 75  # EX_TEMPFAIL of sysexits.h: rows are left, and running the job again may do them


class DatabaseError(ServiceError):
    """The database cannot be reached or does not do what it is asked.

    Args:
        message: the database, without its password, and the reason.
        transient: whether another attempt may go well.
    """

    def __init__(self, message: str, *, transient: bool = False) -> None:
        super().__init__(message)
        self.transient = transient


class TableError(DatabaseError):
    """A table that is already there has another shape than batch inference needs."""


class RowsRefused(ServiceError):
    """Rows that cannot be predicted, under a policy that wants all rows or none."""


class DeadlineRefused(ServiceError):
    """The job would not finish before its deadline and was told to refuse then."""

    exit_status = LATE


class RowsHeld(ServiceError):
    """Rows are left that other jobs hold."""

    exit_status = UNFINISHED
