"""Joining both sides' answers to the requests of a run: one value a request in each column.

=======================  ==============================================================================
column                   what it has
=======================  ==============================================================================
``live_captured``        whether the whole live exchange was captured
``live_status``          status of the live answer; likewise ``shadow_status``, 0 for none
``live_latency_s``       seconds at the replica itself; likewise ``shadow_latency_s``
``copies``               how many copies reached the shadow
``leaked``               whether the client's answer came from the shadow
``agrees``               whether both sides answered the same (see :func:`agrees`)
``score_distance``       largest difference of a score of one class, over all rows
``score_variation``      total variation of the scores, half the sum of all differences; mean over the rows
``live_label``           label of the first row; likewise ``shadow_label``
``live_score_CLASS``     score of the first row; likewise ``shadow_score_CLASS``
``input_COLUMN``         value of the first row of the request
=======================  ==============================================================================

A request without a capture, without a copy or without scores has None where there is nothing to say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from gonogo.capture.reading import Prediction, Reading
from gonogo.capture.record import Captured
from gonogo.capture.sides import Sides, Told

__all__ = ["agrees", "joined"]

Values = npt.NDArray[np.object_]

_ALWAYS: Final = (
    *("live_captured", "live_status", "live_latency_s", "live_label"),
    *("copies", "leaked", "shadow_status", "shadow_latency_s", "shadow_label"),
    *("agrees", "score_distance", "score_variation"),
)


def joined(
    request_ids: Sequence[str | None],
    answered_by: Sequence[str | None],
    captures: Iterable[Captured],
    *,
    sides: Sides,
    reading: Reading,
) -> Mapping[str, Values]:
    """Return the further columns of a run, by name.

    Args:
        request_ids: of the run's requests, in order; None where it is not known.
        answered_by: the replica whose answer the client got, as ``address:port``; None where it is not known.
        captures: what was captured while the run went on.
        sides: which replicas are whose.
        reading: how bodies are read.
    """
    by_request: defaultdict[str, list[Captured]] = defaultdict(list)
    for one in captures:
        by_request[one.request_id].append(one)
    further = [f"{side}_score_{label}" for side in ("live", "shadow") for label in reading.labels]
    names = (*_ALWAYS, *further, *(f"input_{name}" for name in reading.columns))
    columns: dict[str, Values] = {name: np.full(len(request_ids), None, dtype=object) for name in names}
    for index, (request_id, replica) in enumerate(zip(request_ids, answered_by, strict=True)):
        if request_id is None:
            continue
        told = sides.tell(by_request.get(request_id, ()), replica or "")
        for name, value in _values(told, reading).items():
            columns[name][index] = value
    return columns


def agrees(live: Captured, shadow: Captured, read: tuple[Prediction | None, Prediction | None]) -> bool:
    """Return whether two answers to one request are the same.

    Two successes agree when all their labels do, or, where one of them cannot be read, when they are the same bytes.
    Two refusals agree when they have the same status below 500. Nothing else agrees: a shadow that fails where the
    current model answers is not like it.
    """
    if live.succeeded and shadow.succeeded:
        ours, theirs = read
        if ours is None or theirs is None:
            return live.answer == shadow.answer
        return ours.labels == theirs.labels
    return live.status == shadow.status and 400 <= live.status < 500  # noqa: PLR2004 - HTTP's client errors


def _values(told: Told, reading: Reading) -> dict[str, object]:
    live, shadow = told.live, told.copies[0] if told.copies else None
    values: dict[str, object] = {
        "live_captured": live is not None and _whole(live),
        "copies": len(told.copies),
        "leaked": told.leaked,
    }
    ours = _side(values, "live", live, reading)
    theirs = _side(values, "shadow", shadow, reading)
    if live is not None:
        row = reading.row(live.request.content)
        values |= {f"input_{name}": row[name] for name in reading.columns if _plain(row.get(name))}
    if live is not None and shadow is not None:
        values["agrees"] = agrees(live, shadow, (ours, theirs))
        if ours is not None and theirs is not None and _comparable(ours, theirs):
            gaps = [
                [abs(a - b) for a, b in zip(*rows, strict=True)]
                for rows in zip(ours.scores, theirs.scores, strict=True)
            ]
            values["score_distance"] = max(max(row) for row in gaps)
            values["score_variation"] = sum(sum(row) / 2 for row in gaps) / len(gaps)
    return values


def _side(values: dict[str, object], side: str, seen: Captured | None, reading: Reading) -> Prediction | None:
    """Note what one side said, and return its prediction; None when it made none that can be read."""
    if seen is None:
        return None
    values[f"{side}_status"] = seen.status
    if seen.latency_s is not None and np.isfinite(seen.latency_s):
        values[f"{side}_latency_s"] = seen.latency_s
    if not seen.succeeded or seen.answer is None or not seen.answer.whole:
        return None
    prediction = reading.prediction(seen.answer.content)
    if prediction is not None:
        values[f"{side}_label"] = prediction.labels[0]
        if prediction.scores and len(prediction.scores[0]) == len(reading.labels):
            named = zip(reading.labels, prediction.scores[0], strict=True)
            values |= {f"{side}_score_{label}": score for label, score in named}
    return prediction


def _whole(seen: Captured) -> bool:
    return seen.ended and seen.request.whole and seen.answer is not None and seen.answer.whole


def _comparable(ours: Prediction, theirs: Prediction) -> bool:
    return bool(ours.scores) and [len(row) for row in ours.scores] == [len(row) for row in theirs.scores]


def _plain(value: object) -> bool:
    return isinstance(value, str | int | float | bool)
