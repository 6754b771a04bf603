"""``requests.parquet``: one row a request, and the facts of the run in the file's own metadata.

The file is written and read by DuckDB as a stream of row groups, so that it takes little memory beside the columns.
Times that a request has not got are null in the file and NaN in a run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import numpy.typing as npt

from gonogo.errors import UsageError
from gonogo.runs.extracted import SQL_TYPES, pack, unpack
from gonogo.runs.facts import facts_from_json, facts_to_json
from gonogo.runs.run import ERRORS, Columns, Run, RunFacts

__all__ = ["FORMAT", "read", "write"]

FORMAT: Final = "1"
"""Version of the file's columns and metadata."""

_TIMES: Final = ("sent_s", "first_byte_s", "done_s")
_PLAIN: Final = ("due_s", "queued_s", "status", "success", "bytes_in", "bytes_out", "connection")
_ORDER: Final = (
    *("due_s", "queued_s", *_TIMES),
    *("status", "error", "success", "bytes_in", "bytes_out", "connection", "target"),
)
_NO_EXTENSIONS: Final = ("autoinstall_known_extensions", "autoload_known_extensions")
_FACTS: Final = "gonogo.facts"
_EXTRACTED: Final = "gonogo.extracted"
_VERSION: Final = "gonogo.format"
_MEND: Final = "give the folder or the requests.parquet of a run that gonogo stored"


def write(run: Run, path: Path) -> None:
    """Write the requests and facts of ``run`` to ``path``.

    Raises:
        UsageError: an extracted column has the name of another column.
        OSError: the file cannot be written.
    """
    columns = run.columns
    _check_names(columns.extracted)
    source: dict[str, npt.NDArray[Any]] = {name: getattr(columns, name) for name in (*_PLAIN, *_TIMES)}
    source |= {"error_code": columns.error, "target_code": columns.target}
    select = {name: name for name in _PLAIN}
    select |= {name: f"if(isnan({name}), null, {name})" for name in _TIMES}
    select["error"] = "(select list(name order by code) from error_names)[error_code + 1]"
    select["target"] = "(select list(name order by code) from target_names)[target_code + 1]"
    kinds: dict[str, str] = {}
    chosen = [f"{select[name]} as {name}" for name in _ORDER]
    for index, (name, column) in enumerate(columns.extracted.items()):
        packed = pack(column)
        kinds[name] = packed.kind
        source |= {f"value_{index}": packed.values, f"present_{index}": packed.present}
        chosen.append(f"if(present_{index}, value_{index}, null)::{SQL_TYPES[packed.kind]} as {_quoted(name)}")
    metadata = {
        _FACTS: json.dumps(facts_to_json(run.facts), allow_nan=False),
        _EXTRACTED: json.dumps(kinds),
        _VERSION: FORMAT,
    }
    # COPY takes no parameters: whatever is not fixed here is quoted.
    noted = ", ".join(f"{_literal(key)}: {_literal(value)}" for key, value in metadata.items())
    options = f"format parquet, compression zstd, kv_metadata {{{noted}}}"
    statement = f"copy (select {', '.join(chosen)} from source) to {_literal(str(path))} ({options})"  # noqa: S608
    with _database() as database:
        database.register("source", source)
        database.register("error_names", _numbered(ERRORS))
        database.register("target_names", _numbered(run.facts.targets or ("",)))
        try:
            database.execute(statement)
        except duckdb.IOException as error:
            raise OSError(str(error).splitlines()[0]) from error


def read(path: Path) -> Run:
    """Return the run that ``path`` holds.

    Raises:
        UsageError: it is no Parquet file, not a whole one, or not one that :func:`write` wrote.
    """
    with _database() as database:
        try:
            facts, kinds = _metadata(database, path)
            columns = _columns(database, path, facts, kinds)
        except duckdb.Error as error:
            fault = str(error).splitlines()[0]
            raise UsageError(f"the requests cannot be read: {fault}", where=str(path), mend=_MEND) from error
    return Run(columns=columns, facts=facts)


@contextmanager
def _database() -> Iterator[duckdb.DuckDBPyConnection]:
    # What DuckDB needs here is built in; it must not look for extensions elsewhere.
    with duckdb.connect(":memory:", config=dict.fromkeys(_NO_EXTENSIONS, False)) as database:
        yield database


def _numbered(names: tuple[str, ...]) -> dict[str, npt.NDArray[Any]]:
    return {"name": np.array(names, dtype=object), "code": np.arange(len(names))}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _check_names(extracted: Mapping[str, object]) -> None:
    taken = set(_ORDER)
    for name in extracted:
        if not name or name.lower() in taken:
            raise UsageError(
                f"an extracted column cannot be called {name!r}",
                where="extract=",
                mend="give it a name of its own, which differs not only in case",
            )
        taken.add(name.lower())


def _metadata(database: duckdb.DuckDBPyConnection, path: Path) -> tuple[RunFacts, Mapping[str, str]]:
    rows = database.execute("select key, value from parquet_kv_metadata(?)", [str(path)]).fetchall()
    found = {bytes(key).decode(errors="replace"): bytes(value) for key, value in rows}
    version = found.get(_VERSION, b"").decode(errors="replace")
    if version != FORMAT:
        what = f"it is of format {version!r}, not {FORMAT!r}" if version else "this Parquet file holds no run"
        raise UsageError(what, where=str(path), mend=_MEND)
    return facts_from_json(found.get(_FACTS, b""), where=str(path)), json.loads(found.get(_EXTRACTED, b"{}"))


def _columns(database: duckdb.DuckDBPyConnection, path: Path, facts: RunFacts, kinds: Mapping[str, str]) -> Columns:
    # Several targets of one name are one target to every criterion: the first of them stands for all.
    names = tuple(dict.fromkeys(facts.targets)) or ("",)
    for label, values in (("error", ERRORS), ("target", names)):
        database.register(f"{label}_names", _numbered(values))
        database.execute(f"create type {label}_kind as enum (select name from {label}_names order by code)")  # noqa: S608 - fixed names
    chosen = [*_PLAIN, *_TIMES]
    chosen += [f"enum_code({name}::{name}_kind) as {name}" for name in ("error", "target")]
    chosen += [_quoted(name) for name in kinds]
    statement = f"select {', '.join(chosen)} from read_parquet(?)"  # noqa: S608 - fixed or quoted names
    table = database.execute(statement, [str(path)]).fetchnumpy()
    index = np.array([facts.targets.index(name) if facts.targets else 0 for name in names])
    table["target"] = index[np.ma.getdata(table["target"]).astype(np.int64)]
    return Columns(
        **{name: _typed(table[name], dtype) for name, dtype in _DTYPES.items()},
        extracted={
            name: unpack(kind, np.ma.getdata(table[name]), ~np.ma.getmaskarray(table[name]))
            for name, kind in kinds.items()
        },
    )


def _typed(column: npt.NDArray[Any], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    if isinstance(column, np.ma.MaskedArray):
        column = column.filled(np.nan) if column.dtype.kind == "f" else column.data
    return column.astype(dtype, copy=False)


_DTYPES: Final[Mapping[str, npt.DTypeLike]] = {
    **dict.fromkeys(("due_s", "queued_s", *_TIMES), np.float64),
    "status": np.int16,
    "error": np.int8,
    "success": np.bool_,
    "bytes_in": np.int64,
    "bytes_out": np.int64,
    "connection": np.int32,
    "target": np.int16,
}
