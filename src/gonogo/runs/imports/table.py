"""Comma-separated tables of other tools, read line by line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from gonogo.errors import UsageError

__all__ = ["cells", "records"]


def records(data: bytes, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the number of every line of a table with a head, and its cells by the names in the head.

    Raises:
        UsageError: it is no table.
    """
    lines = cells(data, name)
    _, head = next(lines, (1, []))
    for number, line in lines:
        yield number, dict(zip(head, line, strict=False))


def cells(data: bytes, name: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the cells of every line that is not empty.

    Raises:
        UsageError: it is no table.
    """
    reader = csv.reader(io.StringIO(data.decode("utf-8", errors="replace"), newline=""))
    try:
        for line in reader:
            if line:
                yield reader.line_num, line
    except csv.Error as error:
        raise UsageError(
            f"this is no line of a table: {error}", where=f"{name} line {reader.line_num}", mend="write the file again"
        ) from error
