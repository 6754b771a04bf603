"""What an answer must be to be a success: how suites and the command line write it.

=============================  =========================================================================
written                        the answer
=============================  =========================================================================
``None``                       has a status of 200 to 399
``201``, ``[200, 404]``        has (one of) these statuses
``"Persian cat"``              is this label: a JSON string or plain text, and nothing else
``{"health": "ok"}``           is JSON and equals this
``{"status": 200}``            has this status, or one of these
``{"json": …}``                is JSON and equals this, whatever it is
``{"$.mode": "iris_svc"}``     is JSON and has this value at this path: ``$.rows[0].label``, ``$["odd key"]``
``{"schema": {…}}``            is JSON and valid under this JSON schema
``{"contains": "setosa"}``     has this text in its body
``{"matches": "[0-9]+ ok"}``   has a body in which this regular expression finds something
``{"label": "Persian cat"}``   like the text alone
``{"header": {"X-A": "1"}}``   has these headers
=============================  =========================================================================

A mapping may hold several of the words and paths, and a list several mappings: then all of them must hold.
A mapping without any of the words is taken as the JSON itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from gonogo.errors import TargetError
from gonogo.load.checks import (
    Contains,
    Expectation,
    HasHeader,
    HasLabel,
    HasStatus,
    IsJson,
    Matches,
    PathIs,
    ValidUnder,
)

__all__ = ["Expectation", "expectation"]

_WORDS = ("status", "json", "schema", "contains", "matches", "label", "header")


def expectation(given: object) -> tuple[Expectation, ...]:  # noqa: PLR0911 - one return a form of the table
    """Return the checks that ``expect=`` names; see the table above.

    Raises:
        TargetError: ``given`` is none of these forms.
        MissingPart: a JSON schema is given and the package that checks it is not installed.
    """
    if given is None:
        return ()
    if isinstance(given, Expectation):
        return (given,)
    if isinstance(given, int) and not isinstance(given, bool):
        return (_status(given),)
    if isinstance(given, str):
        return (HasLabel(given),)
    if isinstance(given, Mapping):
        return _from_mapping(given)
    if isinstance(given, list | tuple | set | frozenset) and given:
        if all(isinstance(one, int) for one in given):
            return (_status(given),)
        return tuple(check for one in given for check in expectation(one))
    raise TargetError(
        f"expect={given!r} says nothing about an answer",
        mend="write a status, a label, a JSON object, or a mapping with " + ", ".join(_WORDS) + " or $.path",
    )


def _from_mapping(given: Mapping[object, object]) -> tuple[Expectation, ...]:
    known = [key for key in given if isinstance(key, str) and (key in _WORDS or key.startswith("$"))]
    if not known:
        return (IsJson(_json_text(given)),)
    if len(known) < len(given):
        strange = ", ".join(repr(key) for key in given if key not in known)
        raise TargetError(
            f"expect={given!r} mixes checks with {strange}",
            mend='write {"json": …} around it if it is the answer itself; checks are ' + ", ".join(_WORDS) + ", $.path",
        )
    return tuple(check for key in known for check in _checks(key, given[key]))


def _checks(word: str, value: object) -> tuple[Expectation, ...]:  # noqa: PLR0911 - one return a word
    if word.startswith("$"):
        return (PathIs(word, _json_text(value)),)
    if word == "status":
        return (_status(value),)
    if word == "json":
        return (IsJson(_json_text(value)),)
    if word == "schema":
        return (ValidUnder(_json_text(value)),)
    if word == "header":
        if not isinstance(value, Mapping):
            raise TargetError(f"header: {value!r} is no mapping", mend='write {"header": {"Name": "value"}}')
        return tuple(HasHeader(str(name), str(content)) for name, content in value.items())
    if not isinstance(value, str):
        raise TargetError(f"{word}: {value!r} is no text", mend=f'write {{"{word}": "text"}}, or {{"json": …}}')
    if word == "matches":
        try:
            re.compile(value)
        except re.error as error:
            raise TargetError(f"matches: {value!r} is no regular expression: {error}") from error
        return (Matches(value),)
    return (Contains(value) if word == "contains" else HasLabel(value),)


def _status(value: object) -> HasStatus:
    listed = list(value) if isinstance(value, Iterable) and not isinstance(value, str) else [value]
    statuses = [one for one in listed if isinstance(one, int) and not isinstance(one, bool)]
    if not listed or len(statuses) < len(listed):
        raise TargetError(
            f"status: {value!r} is no HTTP status",
            mend='write 200 or [200, 404]; if the answer is a JSON object with a "status", write {"json": {…}}',
        )
    return HasStatus(tuple(sorted(statuses)))


def _json_text(value: object) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise TargetError(f"expect: {value!r} cannot be written as JSON: {error}") from error
