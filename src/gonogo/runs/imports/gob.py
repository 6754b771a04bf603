"""Go's gob format: a stream of values that describes its own types, decoded to plain Python values.

After the documentation of Go's package ``encoding/gob`` (section "Encoding Details"). Structs become dicts by field
name, with fields of zero value left out as they are in the stream; maps become dicts, slices and arrays lists, types
that marshal themselves bytes. Interfaces and complex numbers are refused: no tool that is read here writes them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from gonogo.errors import UsageError

__all__ = ["GobError", "Stream"]

Decode = Callable[[bytes, int], tuple[Any, int]]
"""Reads a value at a place and returns it with the place after it."""

_FIRST_LONG: Final = 128
_MOST_TYPES: Final = 1000
_DEEPEST: Final = 32

_WIRE_TYPE: Final = 16
_COMMON: Final = 18
_FIELD: Final = 21
_FIELDS: Final = 22


class GobError(UsageError):
    """The bytes are no gob stream, or one that is damaged or holds what is not read here."""


class Truncated(GobError):
    """The stream ends inside of a message."""


@dataclass(slots=True)
class Stream:
    """One gob stream; several that were put one after the other are read as one.

    Attributes:
        data: the whole of it.
        truncated: the stream ended inside of a message; what came before was read.
    """

    data: bytes
    truncated: bool = False
    _wires: dict[int, dict[str, Any]] = field(default_factory=dict)
    _decoders: dict[int, Decode] = field(default_factory=dict)

    def values(self) -> Iterator[tuple[str, Any]]:
        """Yield the name of the type of every value, and the value.

        Raises:
            GobError: the bytes are no gob stream.
        """
        place, end = 0, len(self.data)
        while place < end:
            try:
                message, after = _bytes(self.data, place)
            except Truncated:
                self.truncated = True
                return
            try:
                yield from self._message(message)
            except (Truncated, IndexError, struct.error, UnicodeDecodeError, RecursionError) as error:
                raise GobError(f"the gob stream is damaged at byte {place:,}") from error
            place = after

    def _message(self, message: bytes) -> Iterator[tuple[str, Any]]:
        number, place = _int(message, 0)
        if number < 0:
            wire, _ = self._decoder(_WIRE_TYPE)(message, place)
            if len(self._wires) >= _MOST_TYPES:
                raise GobError("the gob stream declares too many types")
            # A stream that was put after another one declares its types again.
            self._wires[-number] = wire
            self._decoders = {}
            return
        decode = self._decoder(number)
        if not self._is_struct(number):
            place += 1
        value, _ = decode(message, place)
        yield self._name(number), value

    def _is_struct(self, number: int) -> bool:
        return "StructT" in self._wires.get(number, {})

    def _name(self, number: int) -> str:
        for kind in self._wires.get(number, {}).values():
            return str(kind.get("CommonType", {}).get("Name", ""))
        return ""

    def _decoder(self, number: int, depth: int = 0) -> Decode:
        """Return what decodes the type ``number``, made when it is first asked for."""
        if number in _BASIC:
            return _BASIC[number]
        if number not in self._decoders:
            if depth > _DEEPEST:
                raise GobError("the gob stream nests its types too deeply")
            self._decoders[number] = self._made(number, depth + 1)
        return self._decoders[number]

    def _made(self, number: int, depth: int) -> Decode:
        if number in _BUILT_IN:
            return _struct([(name, self._decoder(kind, depth)) for name, kind in _BUILT_IN[number]])
        if number == _FIELDS:
            return _list(self._decoder(_FIELD, depth))
        if not self._wires.get(number):
            raise GobError(f"the gob stream uses a type that it does not declare, number {number}")
        kind, declared = next(iter(self._wires[number].items()))
        if kind == "StructT":
            fields = declared.get("Field", [])
            return _struct([(str(one.get("Name", "")), self._decoder(one.get("Id", 0), depth)) for one in fields])
        if kind in ("ArrayT", "SliceT"):
            return _list(self._decoder(declared.get("Elem", 0), depth))
        if kind == "MapT":
            return _map(self._decoder(declared.get("Key", 0), depth), self._decoder(declared.get("Elem", 0), depth))
        if kind in ("GobEncoderT", "BinaryMarshalerT", "TextMarshalerT"):
            return _bytes
        raise GobError(f"the gob stream declares a type of an unknown kind, {kind}")


def _uint(data: bytes, place: int) -> tuple[int, int]:
    first = _at(data, place)
    if first < _FIRST_LONG:
        return first, place + 1
    end = place + 1 + 256 - first
    if 256 - first > 8:  # noqa: PLR2004 - bytes of an integer
        raise GobError(f"the gob stream has an integer of {256 - first} bytes")
    if end > len(data):
        raise Truncated("the gob stream ends inside of a number")
    return int.from_bytes(data[place + 1 : end], "big"), end


def _at(data: bytes, place: int) -> int:
    if place >= len(data):
        raise Truncated("the gob stream ends inside of a value")
    return data[place]


def _int(data: bytes, place: int) -> tuple[int, int]:
    value, place = _uint(data, place)
    return (~(value >> 1) if value & 1 else value >> 1), place


def _bool(data: bytes, place: int) -> tuple[bool, int]:
    value, place = _uint(data, place)
    return bool(value), place


def _float(data: bytes, place: int) -> tuple[float, int]:
    value, place = _uint(data, place)
    # The exponent's end comes first, because trailing zeros are frequent there.
    return struct.unpack("<d", value.to_bytes(8, "big"))[0], place


def _bytes(data: bytes, place: int) -> tuple[bytes, int]:
    size, place = _uint(data, place)
    if place + size > len(data):
        raise Truncated("the gob stream ends inside of a text")
    return data[place : place + size], place + size


def _string(data: bytes, place: int) -> tuple[str, int]:
    value, place = _bytes(data, place)
    return value.decode("utf-8", errors="replace"), place


def _struct(fields: list[tuple[str, Decode]]) -> Decode:
    def decode(data: bytes, place: int) -> tuple[dict[str, Any], int]:
        value: dict[str, Any] = {}
        index = -1
        while True:
            step, place = _uint(data, place)
            if step == 0:
                return value, place
            index += step
            name, inner = fields[index]
            value[name], place = inner(data, place)

    return decode


def _list(inner: Decode) -> Decode:
    def decode(data: bytes, place: int) -> tuple[list[Any], int]:
        count, place = _uint(data, place)
        values = []
        for _ in range(count):
            value, place = inner(data, place)
            values.append(value)
        return values, place

    return decode


def _map(key_of: Decode, value_of: Decode) -> Decode:
    def decode(data: bytes, place: int) -> tuple[dict[Any, Any], int]:
        count, place = _uint(data, place)
        values = {}
        for _ in range(count):
            key, place = key_of(data, place)
            values[key], place = value_of(data, place)
        return values, place

    return decode


_BASIC: Final[dict[int, Decode]] = {1: _bool, 2: _int, 3: _uint, 4: _float, 5: _bytes, 6: _string}
"""Types that every stream knows, by their numbers."""

_BUILT_IN: Final[dict[int, tuple[tuple[str, int], ...]]] = {
    _WIRE_TYPE: (
        ("ArrayT", 17),
        ("SliceT", 19),
        ("StructT", 20),
        ("MapT", 23),
        ("GobEncoderT", 24),
        ("BinaryMarshalerT", 24),
        ("TextMarshalerT", 24),
    ),
    17: (("CommonType", _COMMON), ("Elem", 2), ("Len", 2)),
    _COMMON: (("Name", 6), ("Id", 2)),
    19: (("CommonType", _COMMON), ("Elem", 2)),
    20: (("CommonType", _COMMON), ("Field", _FIELDS)),
    _FIELD: (("Name", 6), ("Id", 2)),
    23: (("CommonType", _COMMON), ("Key", 2), ("Elem", 2)),
    24: (("CommonType", _COMMON),),
}
"""Structs in which streams declare their types: names and types of the fields."""
