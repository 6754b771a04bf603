"""The warehouse: Parquet files of both sides' answers, and questions to them in SQL.

A judgment has ``warehouse/RUN.parquet`` for each run with captures, with a row for each request at each replica. All
of them together are the table ``captures``; the requests of all runs are the table ``requests``.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np

from gonogo.capture.reading import Reading
from gonogo.capture.record import Body, Captured
from gonogo.errors import UsageError

__all__ = ["FOLDER", "Origin", "Table", "query", "store"]

FOLDER: Final = "warehouse"

_COLUMNS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("run", "request_id", "service", "subset", "side", "workload", "replica", "model"), "VARCHAR"),
    **dict.fromkeys(("method", "path"), "VARCHAR"),
    "began_s": "DOUBLE",
    "status": "SMALLINT",
    "flags": "VARCHAR",
    "latency_s": "DOUBLE",
    "input": "VARCHAR",
    "input_bytes": "BIGINT",
    "answer": "VARCHAR",
    "answer_bytes": "BIGINT",
}
_CONFIG: Final[dict[str, str | bool | int | float | list[str]]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
_MEND: Final = "give the folder of a judgment with captured answers"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request was answered.

    Attributes:
        service: ``namespace/name``.
        subset: of the Service by its traffic rules; empty for none.
        side: ``live``, ``shadow``, ``both`` (a model mirrored to itself) or empty.
        workload: ``namespace/name`` of what the replica belongs to.
        replica: ``namespace/workload/ordinal``.
    """

    service: str = ""
    subset: str = ""
    side: str = ""
    workload: str = ""
    replica: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """What a query answers."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


def store(file: Path, run: str, captures: Sequence[Captured], origins: Mapping[str, Origin], reading: Reading) -> None:
    """Write what was captured during ``run`` to ``file``, whole or not at all.

    Args:
        file: a Parquet file; its folder is made when it is missing.
        run: name of the run.
        captures: in order of their beginning.
        origins: by the address of the replica.
        reading: where an answer names its model.

    Raises:
        UsageError: the file cannot be written.
    """
    headers = tuple(dict.fromkeys(name for one in captures for name in one.headers if name not in _COLUMNS))
    types = {**_COLUMNS, **dict.fromkeys(headers, "VARCHAR")}
    rows = [_row(run, one, origins.get(one.replica, Origin(replica=one.replica)), reading) for one in captures]
    source = {name: np.array([row.get(name) for row in rows], dtype=object) for name in types}
    chosen = ", ".join(f'"{name}"::{kind} as "{name}"' for name, kind in types.items())
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    path = str(temporary).replace("'", "''")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(":memory:", config=_CONFIG) as database:
            database.register("source", source)
            # COPY takes no parameters: names are fixed or were checked, the path is quoted.
            database.execute(f"copy (select {chosen} from source) to '{path}' (format parquet, compression zstd)")  # noqa: S608
        temporary.replace(file)
    except (OSError, duckdb.IOException) as error:
        raise UsageError(
            f"what was captured cannot be stored: {str(error).splitlines()[0]}",
            where=str(file),
            mend="give a folder that can be written and has room",
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def query(judgment: Path, statement: str, parameters: Sequence[object] = ()) -> Table:
    """Return what the warehouse of the judgment in the folder ``judgment`` answers to ``statement``.

    The tables are ``captures`` and ``requests``. The statement sees nothing else: no file, no network, and what it
    changes is gone when it ends.

    Raises:
        UsageError: there is no warehouse, or the statement cannot be carried out.
    """
    captures = sorted(judgment.glob(f"{FOLDER}/*.parquet"))
    requests = sorted(judgment.glob("runs/*/requests.parquet"))
    if not captures and not requests:
        raise UsageError("there is neither a captured answer nor a run", where=str(judgment), mend=_MEND)
    with duckdb.connect(":memory:", config=_CONFIG) as database:
        try:
            _table(database, "captures", captures, "*")
            run = "regexp_extract(filename, '([^/]+)/[^/]+$', 1) as run, * exclude (filename)"
            _table(database, "requests", requests, run)
            database.execute("set enable_external_access = false")
            database.execute("set lock_configuration = true")
            answer = database.execute(statement, list(parameters))
            names = tuple(str(column[0]) for column in answer.description or ())
            return Table(names, tuple(answer.fetchall()))
        except duckdb.Error as error:
            raise UsageError(
                f"the query cannot be answered: {str(error).splitlines()[0]}",
                where=str(judgment),
                mend=f"ask the tables captures (columns {', '.join(_COLUMNS)}, and the headers) and requests",
            ) from error


def _table(database: duckdb.DuckDBPyConnection, name: str, files: Iterable[Path], chosen: str) -> None:
    listed = [str(file) for file in files]
    if listed:
        given = "union_by_name = true, filename = true" if "filename" in chosen else "union_by_name = true"
        statement = f"create table {name} as select {chosen} from read_parquet(?, {given})"  # noqa: S608 - fixed names
        database.execute(statement, [listed])


def _row(run: str, one: Captured, origin: Origin, reading: Reading) -> dict[str, object]:
    answer = one.answer
    finite = one.latency_s is not None and np.isfinite(one.latency_s)
    return {
        "run": run,
        "request_id": one.request_id,
        "service": origin.service,
        "subset": origin.subset,
        "side": origin.side,
        "workload": origin.workload,
        "replica": origin.replica,
        "model": (reading.model_of(answer.content) if answer else "") or origin.workload,
        "method": one.method,
        "path": one.path,
        "began_s": one.began_s,
        "status": one.status if one.ended else None,
        "flags": one.flags,
        "latency_s": one.latency_s if finite else None,
        "input": _text(one.request) if one.ended else None,
        "input_bytes": one.request.size if one.ended else None,
        "answer": None if answer is None else _text(answer),
        "answer_bytes": None if answer is None else answer.size,
        **one.headers,
    }


def _text(body: Body) -> str:
    try:
        return body.content.decode()
    except UnicodeDecodeError:
        return "base64:" + base64.b64encode(body.content).decode()
