"""Data sets: rows whose values fill templates, from CSV, JSON lines or Python."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gonogo.errors import TargetError

__all__ = ["DataSet", "data_set"]

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_LONGEST_NUMBER = 300
_MEND = "give a list of mappings, or the path of a .csv or .jsonl file"


@dataclass(frozen=True, slots=True)
class DataSet:
    """Rows, each with a value for every name; a value is anything that JSON can say.

    Attributes:
        names: of the values in a row.
        rows: at least one; each has its values in the order of the names.
    """

    names: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]

    def __post_init__(self) -> None:
        if not self.rows or not self.names:
            raise TargetError("a data set without rows", mend=_MEND)
        for number, row in enumerate(self.rows, start=1):
            if len(row) != len(self.names):
                raise TargetError(f"row {number} has {len(row)} values, not {len(self.names)}", mend=_MEND)

    def __len__(self) -> int:
        return len(self.rows)

    def place(self, name: str) -> int:
        """Return the place of a name in each row.

        Raises:
            TargetError: there is no such name.
        """
        try:
            return self.names.index(name)
        except ValueError:
            raise TargetError(
                f"the data set has no {name!r}", where=f"{{row.{name}}}", mend=f"it has {', '.join(self.names)}"
            ) from None

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, object]], *, origin: str = "data=") -> DataSet:
        """Make a data set of mappings that all have the same names.

        Raises:
            TargetError: they have not, or a value is nothing that JSON can say.
        """
        names = tuple(rows[0]) if rows else ()
        for number, row in enumerate(rows, start=1):
            if set(row) != set(names):
                odd = ", ".join(sorted(map(str, set(row) ^ set(names))))
                raise TargetError(f"row {number} differs from the first in {odd}", where=origin, mend=_MEND)
            try:
                json.dumps(list(row.values()), allow_nan=False)
            except (TypeError, ValueError) as error:
                raise TargetError(f"row {number} cannot be written as JSON: {error}", where=origin) from error
        return cls(names, tuple(tuple(row[name] for name in names) for row in rows))

    @classmethod
    def from_csv(cls, text: str, *, origin: str) -> DataSet:
        """Read CSV with a line of names. A column whose values all are numbers, as JSON writes them, has numbers.

        Raises:
            TargetError: a row has more or fewer values than names, or there is no row.
        """
        try:
            lines = [line for line in csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")) if line]
        except csv.Error as error:
            raise TargetError(f"it is no CSV: {error}", where=origin, mend=_MEND) from error
        names, rows = (tuple(lines[0]), lines[1:]) if lines else ((), [])
        for number, row in enumerate(rows, start=2):
            if len(row) != len(names):
                raise TargetError(f"line {number} has {len(row)} values, not {len(names)}", where=origin, mend=_MEND)
        columns = [_typed([row[place] for row in rows]) for place in range(len(names))]
        if not rows:
            raise TargetError("no row in it", where=origin, mend="write a line of names, then rows")
        return cls(names, tuple(zip(*columns, strict=True)))

    @classmethod
    def from_json_lines(cls, text: str, *, origin: str) -> DataSet:
        """Read JSON lines: one object a line, all with the same names.

        Raises:
            TargetError: a line is no JSON object, or there is none.
        """
        rows = []
        for number, line in enumerate(text.split("\n"), start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise TargetError(f"it is no JSON: {error}", where=f"{origin}:{number}", mend=_MEND) from error
            if not isinstance(row, dict):
                raise TargetError("it is no JSON object", where=f"{origin}:{number}", mend='write {"name": value, …}')
            rows.append(row)
        return cls.of(rows, origin=origin)


def data_set(given: object) -> DataSet:
    """Return the data set that ``data=`` names: rows, or the path of a file of them.

    Raises:
        TargetError: it cannot be read.
    """
    if isinstance(given, DataSet):
        return given
    if isinstance(given, str | Path):
        path = Path(given)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            raise TargetError(f"it cannot be read: {error}", where=str(path), mend=_MEND) from error
        if path.suffix == ".csv":
            return DataSet.from_csv(text, origin=str(path))
        if path.suffix in (".jsonl", ".ndjson"):
            return DataSet.from_json_lines(text, origin=str(path))
        raise TargetError(f"a file called *{path.suffix}", where=str(path), mend=_MEND)
    if isinstance(given, Sequence) and all(isinstance(row, Mapping) for row in given):
        return DataSet.of(given)
    raise TargetError(f"data={given!r:.60} is no data set", mend=_MEND)


def _typed(column: list[str]) -> list[object]:
    if column and all(len(value) <= _LONGEST_NUMBER and _NUMBER.fullmatch(value) for value in column):
        numbers = [json.loads(value) for value in column]
        if all(abs(number) < math.inf for number in numbers):
            return numbers
    return list(column)
