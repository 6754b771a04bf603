"""Runs on disk: a folder with ``summary.json`` for people and scripts and ``requests.parquet`` with every request."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from gonogo.errors import UsageError
from gonogo.runs import parquet
from gonogo.runs.run import Run
from gonogo.runs.summary import summarize

__all__ = ["REQUESTS", "SUMMARY", "load", "save"]

SUMMARY: Final = "summary.json"
REQUESTS: Final = "requests.parquet"


def save(run: Run, folder: Path) -> None:
    """Write ``run`` into ``folder``, which is made when it is missing; what it held of another run is replaced.

    Each file appears whole or not at all.

    Raises:
        UsageError: the folder cannot be written, or an extracted column has the name of another column.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _replacing(folder / REQUESTS) as path:
            parquet.write(run, path)
        with _replacing(folder / SUMMARY) as path:
            path.write_text(json.dumps(summarize(run), indent=2, allow_nan=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"the run cannot be stored: {error.strerror or error}",
            where=str(folder),
            mend="give a folder that can be written and has room",
        ) from error


def load(path: Path) -> Run:
    """Return the run in ``path``: its folder, its ``requests.parquet`` or its ``summary.json``.

    Raises:
        UsageError: there is no such run, or it cannot be read.
    """
    requests = _requests(path)
    if not requests.is_file():
        runs = sorted(str(found.parent) for found in path.glob(f"**/{REQUESTS}")) if path.is_dir() else []
        raise UsageError(
            f"there is no {requests.name}",
            where=str(requests.parent),
            mend=f"give one of the runs in it: {', '.join(runs[:5])}" if runs else "give the folder of a stored run",
        )
    return parquet.read(requests)


def _requests(path: Path) -> Path:
    if path.suffix == ".parquet":
        return path
    if path.name == SUMMARY:
        return path.with_name(REQUESTS)
    if path.is_file():
        raise UsageError(
            "this file is no run", where=str(path), mend=f"give the folder of a stored run, or its {REQUESTS}"
        )
    return path / REQUESTS


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """Give a path beside ``path`` to write to, which takes its place when all went well and is gone when not."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
