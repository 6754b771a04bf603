"""The checks of an answer, as values: each says what it needs of the answer and whether the answer holds.

JSON values are kept as text, so that a check can be compared, hashed and handed to the engine's process.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, cast

from gonogo.errors import MissingPart, TargetError
from gonogo.load.json_path import NOTHING, at, parsed, steps

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

__all__ = [
    "Contains",
    "Expectation",
    "HasHeader",
    "HasLabel",
    "HasStatus",
    "IsJson",
    "Matches",
    "PathIs",
    "ValidUnder",
]

_STATUSES = range(100, 600)


class Expectation(ABC):
    """One check of an answer.

    Attributes:
        needs_body: whether the engine must collect the body for it.
        needs_headers: whether the engine must collect the headers for it.
    """

    __slots__ = ()
    needs_body: ClassVar[bool] = True
    needs_headers: ClassVar[bool] = False

    @abstractmethod
    def check(self, status: int, headers: Mapping[str, str], body: bytes) -> bool:
        """Return whether the answer holds. ``headers`` have lower-case names; unneeded parts may be empty."""


@dataclass(frozen=True, slots=True)
class HasStatus(Expectation):
    """The status is one of these."""

    statuses: tuple[int, ...]
    needs_body: ClassVar[bool] = False

    def __post_init__(self) -> None:
        for status in self.statuses:
            if status not in _STATUSES:
                raise TargetError(f"{status} is no HTTP status", mend="write 100 to 599")

    def check(self, status: int, headers: Mapping[str, str], body: bytes) -> bool:
        """Return whether the status is one of these."""
        del headers, body
        return status in self.statuses


@dataclass(frozen=True, slots=True)
class IsJson(Expectation):
    """The body is JSON and equals ``text``, in any spelling; 1 equals 1.0, and true does not equal 1."""

    text: str

    def check(self, status: int, headers: Mapping[str, str], body: bytes) -> bool:
        """Return whether the body equals the JSON value."""
        del status, headers
        return _same(parsed(body), _expected(self.text))


@dataclass(frozen=True, slots=True)
class PathIs(Expectation):
    """The body is JSON and has the value ``text`` at ``path``."""

    path: str
    text: str

    def __post_init__(self) -> None:
        steps(self.path)

    def check(self, status: int, headers: Mapping[str, str], body: bytes) -> bool:
        """Return whether the value is there."""
        del status, headers
        return _same(at(parsed(body), steps(self.path)), _expected(self.text))


@dataclass(frozen=True, slots=True)
class ValidUnder(Expectation):
    """The body is JSON and valid under the JSON schema ``text``."""

    text: str

    def __post_init__(self) -> None:
        _validator(self.text)

    def check(self, status: int, headers: Mapping[str, str], body: bytes) -> bool:
        """Return whether the body is valid."""
        del status, headers
        value = parsed(body)
        return value is not NOTHING and bool(_validator(self.text).is_valid(cast("Any", value)))


@dataclass(frozen=True, slots=True)
class Contains(Expectation):
    """The body has this text in it, as UTF-8."""

    text: str

    def check(self, status: int, headers: Mapping[str, str], body: bytes) -> bool:
        """Return whether the text is in the body."""
        del status, headers
        return self.text.encode() in body


@dataclass(frozen=True, slots=True)
class Matches(Expectation):
    """The regular expression finds something in the body, read as UTF-8."""

    pattern: str

    def check(self, status: int, headers: Mapping[str, str], body: bytes) -> bool:
        """Return whether the expression finds something."""
        del status, headers
        return re.search(self.pattern, body.decode(errors="replace")) is not None


@dataclass(frozen=True, slots=True)
class HasLabel(Expectation):
    """The body is this label and nothing else: as a JSON string, or as plain text with space around it."""

    label: str

    def check(self, status: int, headers: Mapping[str, str], body: bytes) -> bool:
        """Return whether the body is the label."""
        del status, headers
        return parsed(body) == self.label or body.strip() == self.label.encode()


@dataclass(frozen=True, slots=True)
class HasHeader(Expectation):
    """The answer has this header with this value; names are compared without case, values exactly."""

    name: str
    value: str
    needs_body: ClassVar[bool] = False
    needs_headers: ClassVar[bool] = True

    def check(self, status: int, headers: Mapping[str, str], body: bytes) -> bool:
        """Return whether the header is there."""
        del status, body
        return headers.get(self.name.lower()) == self.value


@lru_cache(maxsize=256)
def _expected(text: str) -> object:
    value: object = json.loads(text)
    return value


def _same(one: object, other: object) -> bool:
    """Return whether two JSON values are equal; unlike in Python, true is no number."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return one == other


@lru_cache(maxsize=64)
def _validator(text: str) -> Validator:
    try:
        from jsonschema import SchemaError  # noqa: PLC0415 - optional, and slow to import: only who uses it pays
        from jsonschema.validators import validator_for  # noqa: PLC0415 - likewise
    except ImportError as error:
        raise MissingPart(
            "checking answers against a JSON schema needs the package jsonschema",
            mend="run: pip install 'gonogo[schema]'",
        ) from error
    schema = json.loads(text)
    kind = validator_for(schema)
    try:
        kind.check_schema(schema)
    except SchemaError as error:
        raise TargetError(f"the JSON schema of expect= is not valid: {error.message}") from error
    return kind(schema)
