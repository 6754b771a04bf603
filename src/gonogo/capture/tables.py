"""Questions to warehouses in SQL: the captures of judgments, folders and files of Parquet as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

from gonogo.capture.warehouse import COLUMNS, CONFIG, FOLDER
from gonogo.errors import UsageError

__all__ = ["Sources", "Table", "query", "sources"]

_REQUESTS: Final = "requests.parquet"
_RUN: Final = "regexp_extract(filename, '([^/]+)/[^/]+$', 1) as run, * exclude (filename)"
_MEND: Final = "give the folder of a judgment with captured answers, or Parquet files that came from one"


@dataclass(frozen=True, slots=True)
class Table:
    """What a query answers."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class Sources:
    """Parquet files: those with captures, and those with the requests of runs."""

    captures: tuple[Path, ...]
    requests: tuple[Path, ...]


def sources(paths: Sequence[Path]) -> Sources:
    """Return the Parquet files that ``paths`` name.

    Args:
        paths: folders of judgments, other folders with Parquet files anywhere below them, and single files. A file
            called ``requests.parquet`` has the requests of a run, any other has captures.

    Raises:
        UsageError: a path names none.
    """
    captures: dict[Path, None] = {}
    requests: dict[Path, None] = {}
    for path in paths:
        found = [path] if path.is_file() else _below(path)
        if not found:
            raise UsageError("there is neither a captured answer nor a run", where=str(path), mend=_MEND)
        for file in found:
            (requests if file.name == _REQUESTS else captures)[file] = None
    return Sources(tuple(captures), tuple(requests))


def query(paths: Sequence[Path], statement: str, parameters: Sequence[object] = ()) -> Table:
    """Return what the warehouses at ``paths`` answer to ``statement``.

    The tables are ``captures`` and ``requests``. The statement sees nothing else: no file, no network, and what it
    changes is gone when it ends.

    Args:
        paths: see :func:`sources`.
        statement: in SQL.
        parameters: values for its question marks.

    Raises:
        UsageError: there is no warehouse, or the statement cannot be carried out.
    """
    found = sources(paths)
    with duckdb.connect(":memory:", config=CONFIG) as database:
        try:
            _table(database, "captures", found.captures, "*")
            _table(database, "requests", found.requests, _RUN)
            database.execute("set enable_external_access = false")
            database.execute("set lock_configuration = true")
            answer = database.execute(statement, list(parameters))
            names = tuple(str(column[0]) for column in answer.description or ())
            return Table(names, tuple(answer.fetchall()))
        except duckdb.Error as error:
            raise UsageError(
                f"the query cannot be answered: {str(error).splitlines()[0]}",
                where=", ".join(map(str, paths)),
                mend=f"ask the tables captures (columns {', '.join(COLUMNS)}, and the headers) and requests",
            ) from error


def _below(folder: Path) -> list[Path]:
    judged = [*sorted(folder.glob(f"{FOLDER}/*.parquet")), *sorted(folder.glob(f"runs/*/{_REQUESTS}"))]
    return judged or sorted(folder.rglob("*.parquet"))


def _table(database: duckdb.DuckDBPyConnection, name: str, files: Sequence[Path], chosen: str) -> None:
    if files:
        given = "union_by_name = true, filename = true" if "filename" in chosen else "union_by_name = true"
        statement = f"create table {name} as select {chosen} from read_parquet(?, {given})"  # noqa: S608 - fixed names
        database.execute(statement, [list(map(str, files))])
