"""Outcome events joined to the requests that they follow: what users did next, as columns of the run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from gonogo.errors import UsageError
from gonogo.runs.outcome import OutcomeEvent
from gonogo.runs.run import Run
from gonogo.verdicts.arms import USER

__all__ = ["PREFIX", "Joined", "event_column", "join_outcomes"]

PREFIX: Final = "outcome:"
"""Columns of joined events are called ``outcome:click``: true where the request, or its user, had the event."""

_REQUEST: Final = "request_id"


@dataclass(frozen=True, slots=True)
class Joined:
    """A run with its outcome events.

    Attributes:
        matched: events that belong to a request or a user of the run.
        unmatched: events that do not.
    """

    run: Run
    matched: int
    unmatched: int


def join_outcomes(run: Run, events: Iterable[OutcomeEvent], *, names: Iterable[str] = ()) -> Joined:
    """Return ``run`` with a column for every kind of event, joined by request id, else by user.

    An event with a request id belongs to that request, one with a user only to all requests of the user. The same event
    told twice counts once, since a user either did a thing or did not.

    Args:
        run: with the columns ``request_id`` or ``user``.
        events: in any order.
        names: kinds of events that get a column even when nobody did them.

    Raises:
        UsageError: the run has neither column.
    """
    by_request = _places(run.columns.extracted.get(_REQUEST))
    by_user = _places(run.columns.extracted.get(USER))
    if not by_request and not by_user:
        raise UsageError(
            "events cannot be joined: the run tells neither requests nor users apart",
            where=run.facts.name,
            mend='extract them: extract={"user": "{user}", "request_id": "{request_id}"}',
        )
    columns = {name: np.zeros(len(run.columns), np.bool_) for name in names}
    matched = unmatched = 0
    for event in events:
        places = by_request.get(event.request_id, ()) or by_user.get(event.user, ())
        column = columns.setdefault(event.event, np.zeros(len(run.columns), np.bool_))
        if len(places):
            column[list(places)] = True
            matched += 1
        else:
            unmatched += 1
    further = {f"{PREFIX}{name}": column.astype(object) for name, column in columns.items()}
    joined = replace(run.columns, extracted={**run.columns.extracted, **further})
    return Joined(replace(run, columns=joined), matched, unmatched)


def event_column(run: Run, event: str, *, where: str) -> npt.NDArray[np.bool_]:
    """Return which requests had ``event``.

    Raises:
        UsageError: no events of this kind were joined to the run.
    """
    column = run.columns.extracted.get(f"{PREFIX}{event}")
    if column is None:
        known = ", ".join(name.removeprefix(PREFIX) for name in run.columns.extracted if name.startswith(PREFIX))
        raise UsageError(
            f"the run has no outcome {event!r}",
            where=f"{where} of the run {run.facts.name!r}",
            mend=f"join its events with `gonogo outcome FILE --run DIR`; it has {known or 'none'}",
        )
    return np.array([value is True for value in column], np.bool_)


def _places(column: npt.NDArray[np.object_] | None) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for place, value in enumerate(column if column is not None else ()):
        if value is not None:
            places.setdefault(str(value), []).append(place)
    return places
