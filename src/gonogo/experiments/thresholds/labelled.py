"""Labelled rows to scores: columns of a file, or the answers of services that are asked about each row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import httpx
import numpy as np

from gonogo.errors import StackError, UsageError
from gonogo.experiments.thresholds.scored import Scored
from gonogo.load.dataset import DataSet, data_set
from gonogo.load.json_path import at, steps

__all__ = ["Ask", "asked", "asking", "from_columns"]

Ask = Callable[[object], object]
"""Sends the JSON of a request and returns the JSON of its answer."""


def from_columns(data: object, truth: str, scores: Mapping[str, str]) -> tuple[Scored, ...]:
    """Return the scores of each class that stand in the data.

    Args:
        data: rows, or the path of a .csv or .jsonl file.
        truth: column with the class of each row.
        scores: column with the score, by class.

    Raises:
        UsageError: a column is missing, or a value is no number.
    """
    rows = data_set(str(data) if isinstance(data, Path) else data)
    labels = _column(rows, truth)
    return tuple(_scored(name, [_number(value, column) for value in _column(rows, column)], labels)
                 for name, column in scores.items())  # fmt: skip


def asked(
    data: object,
    truth: str,
    services: Mapping[str, Ask],
    *,
    features: Sequence[str] = (),
    answer: str = "$.prediction[0]",
) -> tuple[Scored, ...]:
    """Return the score that each service gives each row; it is asked ``{"data": [[features]]}``.

    Args:
        data: rows, or the path of a .csv or .jsonl file.
        truth: column with the class of each row.
        services: what asks, by class.
        features: columns to send, in order; all but the truth by default.
        answer: path of the score in the answer.

    Raises:
        UsageError: a column is missing.
        StackError: an answer has no score.
    """
    rows = data_set(str(data) if isinstance(data, Path) else data)
    labels = _column(rows, truth)
    names = features or [name for name in rows.names if name != truth]
    columns = [_column(rows, name) for name in names]
    flowers = [list(row) for row in zip(*columns, strict=True)]
    path = steps(answer)
    found = []
    for name, ask in services.items():
        scores = []
        for number, flower in enumerate(flowers, start=1):
            said = at(ask({"data": [flower]}), path)
            if not isinstance(said, int | float) or isinstance(said, bool):
                raise StackError(f"the answer about row {number} has no number at {answer}", where=name)
            scores.append(float(said))
        found.append(_scored(name, scores, labels))
    return tuple(found)


def asking(client: httpx.Client, url: str) -> Ask:
    """Return what posts each body to ``url``; it raises StackError when there is no good answer."""

    def ask(body: object) -> object:
        try:
            answer = client.post(url, json=body)
            answer.raise_for_status()
            return answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise StackError(f"it gives no answer: {error}", where=url, mend="start the service") from error

    return ask


def _column(rows: DataSet, name: str) -> list[object]:
    place = rows.place(name)
    return [row[place] for row in rows.rows]


def _scored(name: str, scores: Sequence[float], labels: Sequence[object]) -> Scored:
    if name not in {str(label) for label in labels}:
        known = ", ".join(sorted({str(label) for label in labels})[:10])
        raise UsageError(f"no row is of the class {name!r}", mend=f"classes are: {known}")
    return Scored(name, np.array(scores, np.float64), np.array([str(label) == name for label in labels]))


def _number(value: object, column: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise UsageError(f"{value!r} is no number", where=f"column {column}", mend="give probabilities, 0 to 1")
