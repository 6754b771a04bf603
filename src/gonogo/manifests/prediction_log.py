"""Where a service's own log of predictions has what is captured: one JSON object a line on its standard output.

``gonogo.dev/prediction-log: stdout`` on Pods means the names that gonogo's own services write;
``gonogo.dev/prediction-log: '{request_id: id, latency_ms: took, input: payload.rows}'`` names others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

import yaml

from gonogo.errors import GrammarError

__all__ = ["ANNOTATION", "LogFields", "read_log_fields"]

ANNOTATION: Final = "gonogo.dev/prediction-log"

_STANDARD_OUTPUT: Final = "stdout"
_PATH: Final = re.compile(r"[^\s.]+(?:\.[^\s.]+)*")


@dataclass(frozen=True, slots=True)
class LogFields:
    """Paths into a line's JSON: names, and numbers for places of lists, between dots; empty for what lines lack.

    Attributes:
        request_id: the request's ``x-request-id``; lines without the field are no predictions.
        time: when the answer was made, ISO 8601 or seconds since 1970.
        latency_s: seconds; latency_ms in its place: milliseconds.
        input: the rows, as they stand in a request.
        answer: the answer's body.
        headers: an object of request headers, names in lower case.
        user_id: who asked, where it stands elsewhere than among the headers.
        worker: who wrote the line, where each numbers its lines on its own.
        sequence: number of the line; a number that is left out is a line that was lost.
        lost: in a line of its own, how many lines were lost.
    """

    request_id: str = "request_id"
    time: str = "time"
    status: str = "status"
    latency_s: str = "latency_s"
    latency_ms: str = ""
    method: str = "method"
    path: str = "path"
    model: str = "model"
    input: str = "input"
    answer: str = "answer"
    headers: str = "headers"
    user_id: str = ""
    worker: str = "worker"
    sequence: str = "sequence"
    lost: str = "lost"

    def __post_init__(self) -> None:
        for name in (one.name for one in fields(self)):
            path = getattr(self, name)
            if not isinstance(path, str) or (path and not _PATH.fullmatch(path)):
                raise GrammarError(f"{name}: {path!r} is no path into a line's JSON", mend="write as in user.id")
        if not self.request_id:
            raise GrammarError("a log without request ids", mend="have it write the request's x-request-id")


def read_log_fields(given: object) -> LogFields:
    """Return what the annotation, or the option ``log=`` of a suite, says.

    Args:
        given: ``stdout``, YAML of names and paths, or the same as a mapping.

    Raises:
        GrammarError: it cannot be used.
    """
    if isinstance(given, str):
        if given.strip() == _STANDARD_OUTPUT:
            return LogFields()
        try:
            given = yaml.safe_load(given)
        except yaml.YAMLError as error:
            raise GrammarError("it is no YAML", mend=f"write {_STANDARD_OUTPUT}, or {{request_id: id}}") from error
    if not isinstance(given, Mapping):
        raise GrammarError(f"{given!r} says no log", mend=f"write {_STANDARD_OUTPUT}, or {{request_id: id}}")
    known = [one.name for one in fields(LogFields)]
    if unknown := [str(name) for name in given if name not in known]:
        raise GrammarError(f"there is no field {unknown[0]!r}", mend=f"write some of {', '.join(known)}")
    paths = {name: "" if path is None else path for name, path in given.items()}
    # Who names one unit of the latency means that one.
    return LogFields(**({"latency_s": ""} if paths.get("latency_ms") else {}), **paths)
