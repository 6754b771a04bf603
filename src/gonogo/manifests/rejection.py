"""The annotation that says what a breaker answers in place of its bare 503, for which Istio has no field.

On a DestinationRule, as YAML: ``gonogo.dev/rejection: '{status: 429, body: "busy", retryAfter: 5s}'``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import yaml

from gonogo.errors import GrammarError
from gonogo.manifests.interval import interval
from gonogo.manifests.objects import Object

__all__ = ["ANNOTATION", "RejectionFields", "read_rejection", "rejection_text"]

ANNOTATION: Final = "gonogo.dev/rejection"

_FIELDS: Final = ("status", "body", "contentType", "retryAfter")
_STATUSES: Final = range(400, 600)
_MEDIA_TYPE: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(?:; ?[A-Za-z0-9-]+=[A-Za-z0-9._-]+)*")


@dataclass(frozen=True, slots=True)
class RejectionFields:
    """What the breaker answers.

    Attributes:
        retry_after_s: whole seconds in the Retry-After header (RFC 9110 section 10.2.3); None leaves it out.
    """

    status: int = 503
    body: str = ""
    content_type: str = "text/plain"
    retry_after_s: int | None = None


def rejection_text(entry: Object) -> object:
    """Return what the annotation of a DestinationRule says; None without one."""
    metadata = entry.place.document.body.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    return annotations.get(ANNOTATION) if isinstance(annotations, Mapping) else None


def read_rejection(text: object) -> RejectionFields:
    """Return what the annotation says.

    Raises:
        GrammarError: it cannot be used.
    """
    try:
        given = yaml.safe_load(text) if isinstance(text, str) else None
    except yaml.YAMLError as error:
        raise GrammarError(f"{text!r} is no YAML", mend="write as in {status: 429, retryAfter: 5s}") from error
    if not isinstance(given, Mapping):
        raise GrammarError(f"{text!r} has no fields", mend=f"write some of {', '.join(_FIELDS)}")
    if unknown := [str(name) for name in given if name not in _FIELDS]:
        raise GrammarError(f"there is no field {unknown[0]!r}", mend=f"write some of {', '.join(_FIELDS)}")
    status = given.get("status", 503)
    if isinstance(status, bool) or not isinstance(status, int) or status not in _STATUSES:
        raise GrammarError(f"the status {status!r} says no rejection", mend="write one from 400 to 599")
    body, kind = given.get("body", ""), given.get("contentType", "text/plain")
    if not isinstance(body, str):
        raise GrammarError(f"the body {body!r} is no text", mend="write it in quotes")
    if not isinstance(kind, str) or not _MEDIA_TYPE.fullmatch(kind):
        raise GrammarError(f"{kind!r} is no media type", mend="write one such as application/json")
    return RejectionFields(status, body, kind, _seconds(given.get("retryAfter")))


def _seconds(given: object) -> int | None:
    if given is None:
        return None
    seconds = given if isinstance(given, int) and not isinstance(given, bool) else interval(str(given))
    if not 0 <= seconds < math.inf or seconds != int(seconds):
        raise GrammarError(f"retryAfter {given!r} is no number of whole seconds", mend="write one such as 5s")
    return int(seconds)
