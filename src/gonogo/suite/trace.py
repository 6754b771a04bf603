"""The id in each request by which what stood on its way, and recorded it, is asked about it afterwards."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from gonogo.errors import UsageError
from gonogo.load.extract import Extraction
from gonogo.load.target import Target
from gonogo.load.template import Place, split

__all__ = ["REQUEST_ID", "traced"]

REQUEST_ID: Final = "request_id"
"""The column that joins a run's requests with the sidecar's records."""

_HEADER: Final = "x-request-id"


def traced(target: Target) -> Target:
    """Return ``target`` with an id in each request by which the sidecar's record of it is found again.

    A target that sends an ``x-request-id`` of its own keeps it; its records are found where each request fills it
    anew.
    """
    own = next((value for name, value in target.headers if name.lower() == _HEADER), None)
    source = "{request_id}"
    headers = target.headers
    if own is None:
        headers = (*headers, (_HEADER, source))
    elif _is_place(own):
        source = own
    else:
        return target
    known = {one.name: one.source for one in target.extract}
    if known.get(REQUEST_ID, source) != source:
        raise UsageError(
            f"the column {REQUEST_ID!r} is taken from {known[REQUEST_ID]!r}",
            where=target.name,
            mend="give it another name: the sidecar's records are joined by it",
        )
    further = {REQUEST_ID: source}
    # Contracts on routing ask which request had which header, also where each request fills it anew.
    further |= {
        f"header.{name.lower()}": value for name, value in target.headers if _is_place(value) and value != source
    }
    added = tuple(Extraction(name, value) for name, value in further.items() if name not in known)
    return replace(target, headers=headers, extract=(*target.extract, *added))


def _is_place(text: str) -> bool:
    """Whether ``text`` is nothing but a place that each request fills anew."""
    return any(isinstance(part, Place) and text == f"{{{part.word}}}" for part in split(text))
