"""The warehouse: Parquet files of both sides' answers.

A judgment has ``warehouse/RUN.parquet`` for each run with captures, with a row for each request at each replica.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import duckdb
import numpy as np

from gonogo.capture.reading import Reading
from gonogo.capture.record import Body, Captured
from gonogo.errors import UsageError

__all__ = ["COLUMNS", "CONFIG", "FOLDER", "Origin", "store"]

FOLDER: Final = "warehouse"

COLUMNS: Final[Mapping[str, str]] = {
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
CONFIG: Final[dict[str, str | bool | int | float | list[str]]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request was answered.

    Attributes:
        service: that was asked, ``namespace/name``.
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


def store(
    file: Path,
    run: str,
    captures: Sequence[Captured],
    origins: Mapping[str, Origin],
    readings: Mapping[str, Reading],
    asked: Mapping[str, str],
) -> None:
    """Write what was captured during ``run`` to ``file``, whole or not at all.

    Args:
        file: a Parquet file; its folder is made when it is missing.
        run: name of the run.
        captures: in order of their beginning.
        origins: by the address of the replica.
        readings: where an answer names its model, by the Service that was asked.
        asked: the Service that each request asked, ``namespace/name``, by its id; others asked their replica's own.

    Raises:
        UsageError: the file cannot be written.
    """
    headers = tuple(dict.fromkeys(name for one in captures for name in one.headers if name not in COLUMNS))
    types = {**COLUMNS, **dict.fromkeys(headers, "VARCHAR")}
    rows = []
    for one in captures:
        origin = origins.get(one.replica, Origin(replica=one.replica))
        origin = replace(origin, service=asked.get(one.request_id, origin.service))
        rows.append(_row(run, one, origin, readings.get(origin.service, Reading())))
    source = {name: np.array([row.get(name) for row in rows], dtype=object) for name in types}
    chosen = ", ".join(f'"{name}"::{kind} as "{name}"' for name, kind in types.items())
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    path = str(temporary).replace("'", "''")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(":memory:", config=CONFIG) as database:
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
        "model": (reading.model_of(answer.content) if answer else "") or one.model or origin.workload,
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
