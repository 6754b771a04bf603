"""What a request must be like for a route to take it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gonogo.errors import UsageError

__all__ = ["Kind", "Match", "NamedMatch", "StringMatch"]


class Kind(StrEnum):
    """How a text is compared.

    ``SEGMENTS`` is a path prefix of whole segments: ``/predict`` takes ``/predict/test`` and not ``/predictions``.
    ``PRESENT`` holds when the field is there at all. A regular expression must match the whole text.
    """

    EXACT = "exact"
    PREFIX = "prefix"
    SEGMENTS = "segments"
    REGEX = "regex"
    PRESENT = "present"


@dataclass(frozen=True, slots=True)
class StringMatch:
    """A comparison with a text; PRESENT has none."""

    kind: Kind
    value: str = ""

    def __post_init__(self) -> None:
        if self.kind is Kind.PRESENT and self.value:
            raise UsageError(f"present compares with nothing, and {self.value!r} was given", mend="leave value empty")


@dataclass(frozen=True, slots=True)
class NamedMatch:
    """A comparison of a header or a query parameter.

    Attributes:
        name: a header's name in any case; a query parameter's exactly.
        absent: the match holds when the comparison does not, be it that the header is missing.
    """

    name: str
    match: StringMatch
    absent: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """Conditions that must all hold. Without any, every request matches.

    Attributes:
        name: what access records call it.
        uri: the path, without the query.
        ignore_uri_case: upper and lower case are the same in ``uri``.
        authority: the Host header.
        port: the Service's port at which the request arrives.
    """

    uri: StringMatch | None = None
    ignore_uri_case: bool = False
    method: StringMatch | None = None
    authority: StringMatch | None = None
    headers: tuple[NamedMatch, ...] = ()
    query: tuple[NamedMatch, ...] = ()
    port: int | None = None
    name: str = ""
