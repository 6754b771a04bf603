"""Fit an object to its shape: report every fault of form, and return what has the right form.

What comes out can be read without looking at types again, so all other faults are found in the same pass.
"""

from __future__ import annotations

import difflib
from typing import Final

from gonogo.errors import GrammarError
from gonogo.manifests.findings import Severity
from gonogo.manifests.names import Complaint, port_name
from gonogo.manifests.rule import Place, Rule
from gonogo.manifests.shape import (
    Amount,
    Anything,
    Entries,
    Fields,
    Flag,
    Listing,
    Note,
    Number,
    PortRef,
    Shape,
    Struct,
    Text,
)

__all__ = ["RULES", "closest", "fit"]

FIELD_TYPE: Final = Rule("field-type", Severity.ERROR, "a field has a value of the wrong type")
FIELD_VALUE: Final = Rule("field-value", Severity.ERROR, "a field has a value that Kubernetes does not allow")
FIELD_UNKNOWN: Final = Rule("field-unknown", Severity.ERROR, "Kubernetes has no such field")
FIELD_MISSING: Final = Rule("field-missing", Severity.ERROR, "a required field is missing")
NAME_INVALID: Final = Rule("name-invalid", Severity.ERROR, "a name does not follow Kubernetes' rules for names")
QUANTITY_INVALID: Final = Rule("quantity-invalid", Severity.ERROR, "a resource quantity cannot be read")
RULES: Final = (FIELD_TYPE, FIELD_VALUE, FIELD_UNKNOWN, FIELD_MISSING, NAME_INVALID, QUANTITY_INVALID)

_ABSENT: Final = object()
_LARGEST_PORT: Final = 65535
_LONGEST_SHOWN: Final = 60


def fit(struct: Struct, value: object, place: Place) -> Fields:
    """Return the fields of ``value`` that fit ``struct``; report the others to ``place``."""
    fields = _fit(struct, value, place)
    return fields if isinstance(fields, dict) else {}


def closest(word: str, known: list[str] | tuple[str, ...]) -> str:
    """Return the one of ``known`` that ``word`` was probably meant to be; empty when none is near."""
    folded = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), folded, 1, 0.75)
    return folded[near[0]] if near else ""


def _fit(shape: Shape, value: object, place: Place) -> object:  # noqa: PLR0911 - one line for each shape
    match shape:
        case Struct():
            return _struct(shape, value, place)
        case Listing():
            return _listing(shape, value, place)
        case Entries():
            return _entries(shape, value, place)
        case Text():
            return _text(shape, value, place)
        case Number():
            return _number(shape, value, place)
        case Flag():
            return value if isinstance(value, bool) else _wrong(value, place, "true or false")
        case PortRef():
            return _port(value, place)
        case Amount():
            return _amount(shape, value, place)
        case Anything():
            return value


def _struct(shape: Struct, value: object, place: Place) -> Fields:
    if not isinstance(value, dict):
        _wrong(value, place, "a mapping of fields")
        return {}
    fields: dict[str, object] = {}
    for name, content in value.items():
        known = shape.fields.get(name)
        if known is None:
            _unknown(name, shape, place)
        elif content is not None:
            if known.note:
                _remark(known.note, content, place / name)
            fitted = _fit(known.shape, content, place / name)
            if fitted is not _ABSENT:
                fields[name] = fitted
    for name, known in shape.fields.items():
        if known.required and value.get(name) is None:
            (place / name).report(FIELD_MISSING, "Kubernetes refuses the object without it", f"add {name}:")
    return fields


def _listing(shape: Listing, value: object, place: Place) -> tuple[object, ...]:
    if not isinstance(value, list):
        _wrong(value, place, "a list")
        return ()
    # A value that does not fit keeps its position: paths in later findings count from the list as written.
    return tuple(_kept(_fit(shape.item, item, place / i), shape.item) for i, item in enumerate(value))


def _entries(shape: Entries, value: object, place: Place) -> Fields:
    if not isinstance(value, dict):
        _wrong(value, place, "a mapping")
        return {}
    fields: dict[str, object] = {}
    for name, content in value.items():
        if shape.key:
            _judge(shape.key, name, place / name)
        expected = shape.named.get(name, shape.value)
        # Kubernetes reads null in a mapping of text as an empty text.
        given = "" if content is None and isinstance(expected, Text) else content
        fields[name] = _kept(_fit(expected, given, place / name), expected)
    return fields


def _kept(fitted: object, shape: Shape) -> object:
    if fitted is not _ABSENT:
        return fitted
    return "" if isinstance(shape, Text) else None


def _text(shape: Text, value: object, place: Place) -> object:
    if not isinstance(value, str):
        mend = "write text in quotes"
        if isinstance(value, bool | int | float) and not _hidden(place):
            mend = f'write "{place.node.written or value}" in quotes'
        return _wrong(value, place, "text", mend)
    if shape.choices and value not in shape.choices:
        near = closest(value, shape.choices)
        hint = f"did you mean {near}?" if near else f"write {', '.join(shape.choices)}"
        place.report(FIELD_VALUE, f"{_shown(value)} is not allowed: Kubernetes refuses the object", hint)
        return _ABSENT
    if shape.complaint:
        _judge(shape.complaint, value, place)
    return value


def _number(shape: Number, value: object, place: Place) -> object:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        digits = isinstance(value, str) and value.strip().isdecimal()
        mend = f"write {value} without quotes" if digits else "write a whole number"
        return _wrong(value, place, "a whole number", mend)
    if not shape.low <= value <= shape.high:
        place.report(
            FIELD_VALUE,
            f"{value} is out of range: Kubernetes refuses the object",
            f"write a number from {shape.low} to {shape.high}",
        )
        return _ABSENT
    return value


def _port(value: object, place: Place) -> object:
    if isinstance(value, str):
        if value.isdecimal():
            return _wrong(value, place, "a port number", f"write {value} without quotes")
        _judge(port_name, value, place)
        return value
    return _number(Number(1, _LARGEST_PORT), value, place)


def _amount(shape: Amount, value: object, place: Place) -> object:
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return _wrong(value, place, "a quantity")
    try:
        shape.parse(value)
    except GrammarError as error:
        place.report(QUANTITY_INVALID, f"{error.what}: Kubernetes refuses the object", error.mend)
        return _ABSENT
    return value


def _judge(complaint: Complaint, text: str, place: Place) -> None:
    fault = complaint(text)
    if fault:
        place.report(NAME_INVALID, f"{_shown(text)} {fault}: Kubernetes refuses the object", "rename it")


def _wrong(value: object, place: Place, expected: str, mend: str = "") -> object:
    kind = _named(value)
    written = "" if _hidden(place) else place.node.written
    given = f"`{written}` is {kind} to YAML" if written else f"holds {kind}"
    place.report(
        FIELD_TYPE, f"{given} where Kubernetes requires {expected}: it refuses the object", mend or f"write {expected}"
    )
    return _ABSENT


def _unknown(name: str, shape: Struct, place: Place) -> None:
    near = closest(name, list(shape.fields))
    (place / name).report(
        FIELD_UNKNOWN,
        "Kubernetes has no such field here: kubectl refuses the object, and a lax server drops the field",
        f"did you mean {near}?" if near else "remove it, or move it to the level where it belongs",
    )


def _remark(note: Note, value: object, place: Place) -> None:
    if value and value not in note.silent:
        place.report(note.rule, note.consequence, note.mend)


def _hidden(place: Place) -> bool:
    """Whether what is written here may be a Secret's value."""
    return place.document.kind == "Secret" and place.path[0] != "metadata"


def _named(value: object) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", str: "text", list: "a list", dict: "a mapping"}
    return names.get(type(value), "nothing")


def _shown(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…")
