"""Whether a table ``items`` that is already there is one that batch inference can work on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import JSON, Connection, DateTime, Integer, String, inspect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from gonogo_services.batch.errors import TableError
from gonogo_services.batch.tables import items

__all__ = ["check_shape"]

# MariaDB's JSON is a long text, and SQLite takes any text for JSON.
_JSON: Final = (JSON, String)
_ALLOWED: Final[Mapping[str, tuple[type[Any], ...]]] = {
    "id": (Integer,),
    "values": _JSON,
    "prediction": _JSON,
    "created_datetime": (DateTime,),
    "updated_datetime": (DateTime,),
}
_WORDS: Final = {
    "id": "a whole number",
    "values": "JSON",
    "prediction": "JSON",
    "created_datetime": "a date and time",
    "updated_datetime": "a date and time",
}


def check_shape(connection: Connection, database: str) -> bool:
    """Return whether there is a table ``items``, of the right shape; change nothing.

    Raises:
        TableError: there is one of another shape; the message names every column that differs.
    """
    inspector = inspect(connection)
    if not inspector.has_table(items.name):
        return False
    columns = {column["name"]: column for column in inspector.get_columns(items.name)}
    faults = [f"{name} is missing" for name in _ALLOWED if name not in columns]
    faults += [
        f"{name} is {_plain(columns[name]['type'])}, not {_WORDS[name]}"
        for name in _ALLOWED
        if name in columns and not _fits(name, columns[name]["type"])
    ]
    key = inspector.get_pk_constraint(items.name)["constrained_columns"]
    if key != ["id"]:
        faults.append(f"its primary key is {', '.join(key) or 'none'}, not id")
    if "prediction" in columns and not columns["prediction"]["nullable"]:
        faults.append("prediction may not be null")
    faults += [
        f"{name} must be given by whoever adds a row"
        for name, column in columns.items()
        if name not in _ALLOWED and not column["nullable"] and column.get("default") is None
    ]
    if faults:
        raise TableError(
            f"the table items in {database} is another one: {'; '.join(faults)}; nothing was changed; "
            "use another database, or a table items with the columns id, values, prediction, created_datetime and "
            "updated_datetime"
        )
    return True


def _fits(name: str, kind: TypeEngine[Any]) -> bool:
    if isinstance(kind, JSONB):
        return False
    return isinstance(kind, _ALLOWED[name]) or kind._type_affinity in _ALLOWED[name]  # noqa: SLF001


def _plain(kind: TypeEngine[Any]) -> str:
    return type(kind).__name__.upper()
