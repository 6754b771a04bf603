"""Target files: requests as text, one after the other, in the form that vegeta reads.

::

    # a comment
    GET http://iris-svc:8000/predict/test
    POST http://iris-svc:8000/predict
    Content-Type: application/json
    @/opt/body.json

A line ``METHOD URL`` begins a request; the ``Name: value`` lines after it are its headers and ``@path`` is the file
that holds its body. Blank lines and lines that begin with ``#`` mean nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from gonogo.errors import GonogoError, TargetError
from gonogo.load.target import Target

__all__ = ["read_targets"]

_REQUEST = re.compile(r"([A-Za-z]+)[ \t]+(\S+)")
_HEADER = re.compile(r"([^\s:]+)[ \t]*:[ \t]*(.*)")
_FORMS = "write 'METHOD http://host:port/path', 'Name: value', '@path/of/body' or '# comment'"


@dataclass(slots=True)
class _Draft:
    """A request while its lines are being read."""

    line: int
    method: str
    url: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes | None = None


def read_targets(text: str, *, origin: str, open_file: Callable[[str], bytes]) -> tuple[Target, ...]:
    """Return the targets that ``text`` lists.

    Args:
        text: the target file.
        origin: what errors call the file.
        open_file: returns the content of a body's file, named as in the text.

    Raises:
        TargetError: lines that cannot be used, all of them at once; or there is no request.
    """
    drafts: list[_Draft] = []
    faults: list[tuple[int, TargetError]] = []
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip()
        if line and not line.startswith("#"):
            try:
                _read_line(line, number, drafts, open_file)
            except TargetError as fault:
                faults.append((number, fault))
    targets = []
    for draft in drafts:
        try:
            targets.append(Target(draft.method, draft.url, tuple(draft.headers), draft.body or b""))
        except TargetError as fault:
            faults.append((draft.line, fault))
    if faults:
        raise _together(origin, sorted(faults, key=lambda pair: pair[0]))
    if not targets:
        raise TargetError("no request in it", where=origin, mend=_FORMS)
    return tuple(targets)


def _read_line(line: str, number: int, drafts: list[_Draft], open_file: Callable[[str], bytes]) -> None:
    if line.startswith("@"):
        draft = _current(drafts, line)
        if draft.body is not None:
            raise TargetError(f"{line!r} is a second body", mend="give each request one body")
        draft.body = _read_body(line[1:].strip(), open_file)
    elif request := _REQUEST.fullmatch(line):
        drafts.append(_Draft(number, request.group(1), request.group(2)))
    elif header := _HEADER.fullmatch(line):
        _current(drafts, line).headers.append((header.group(1), header.group(2)))
    else:
        raise TargetError(f"{line!r} is no request, header or body", mend=_FORMS)


def _current(drafts: list[_Draft], line: str) -> _Draft:
    if not drafts:
        raise TargetError(f"{line!r} stands before any request", mend="begin with METHOD URL")
    return drafts[-1]


def _read_body(path: str, open_file: Callable[[str], bytes]) -> bytes:
    if not path:
        raise TargetError("'@' names no file", mend="write @path/of/body")
    try:
        return open_file(path)
    except OSError as error:
        raise TargetError(f"the body {path!r} cannot be read: {error.strerror or error}") from error
    except GonogoError as error:
        raise TargetError(error.what, mend=error.mend) from error


def _together(origin: str, faults: list[tuple[int, TargetError]]) -> TargetError:
    if len(faults) == 1:
        number, fault = faults[0]
        return TargetError(fault.what, where=f"{origin}:{number}", mend=fault.mend)
    told = "; ".join(f"line {number}: {fault.what}" for number, fault in faults)
    mends = list(dict.fromkeys(fault.mend for _, fault in faults if fault.mend))
    return TargetError(f"{len(faults)} bad lines: {told}", where=origin, mend="; ".join(mends))
