"""Which rows a job is for: ranges of ids and of dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement

from gonogo_services.batch.tables import items
from gonogo_services.errors import SettingsError

__all__ = ["Selection"]


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows by their id and by when they were created.

    Attributes:
        first_id: the smallest id.
        last_id: the largest id.
        created_from: the first moment, UTC without a zone.
        created_until: the moment after the last one, UTC without a zone.
    """

    first_id: int | None = None
    last_id: int | None = None
    created_from: datetime | None = None
    created_until: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse ranges that hold nothing.

        Raises:
            SettingsError: a range ends before it begins.
        """
        if self.first_id is not None and self.last_id is not None and self.first_id > self.last_id:
            raise SettingsError(f"the ids {self.first_id} to {self.last_id} are no range; give the smaller one first")
        if self.created_from and self.created_until and self.created_from >= self.created_until:
            raise SettingsError(f"nothing is created from {self.created_from} until {self.created_until}")

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return what a row of ``items`` must fulfil, without what it must lack."""
        found: list[ColumnElement[bool]] = []
        if self.first_id is not None:
            found.append(items.c.id >= self.first_id)
        if self.last_id is not None:
            found.append(items.c.id <= self.last_id)
        if self.created_from is not None:
            found.append(items.c.created_datetime >= self.created_from)
        if self.created_until is not None:
            found.append(items.c.created_datetime < self.created_until)
        return found
