"""Go's gob format: the examples of its documentation, and damage of every kind."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.runs.imports.gob import GobError, Stream

DATA = Path(__file__).parent / "data"
POINT = bytes.fromhex(
    "1fff810301010550 6f696e7401ff8200 0102010158010400 0101590104000000 07ff82012c014200".replace(" ", "")
)
"""``Point{22, 33}`` of ``type Point struct { X, Y int }``, from the documentation of Go's encoding/gob."""


def message(*parts: str) -> bytes:
    """One message: its length and its bytes, given in hexadecimal."""
    body = bytes.fromhex("".join(parts))
    return bytes([len(body)]) + body


@pytest.mark.parametrize(
    ("encoded", "value"),
    [
        ("0200 01", True),
        ("0400 0e", 7),
        ("0400 fe0200", 256),
        ("0400 fe0101", -129),
        ("0600 fe0100", 256),
        ("0800 fe3140", 17.0),
        ("0a00 03010203", b"\x01\x02\x03"),
        ("0c00 026869", "hi"),
    ],
)
def test_values_of_the_basic_types(encoded: str, value: object) -> None:
    """A value without a struct around it stands after a zero byte; numbers are as the documentation shows them."""
    assert list(Stream(message(encoded)).values()) == [("", value)]


def test_the_point_of_the_documentation() -> None:
    """A struct declares its type, then has its fields by the distance between them."""
    assert list(Stream(POINT).values()) == [("Point", {"X": 22, "Y": 33})]


def test_streams_that_were_put_together_are_read_as_one() -> None:
    """Results of two attacks are joined with cat: types are declared again, and nothing is lost."""
    stream = Stream(POINT + POINT)
    assert len(list(stream.values())) == 2
    assert not stream.truncated


@pytest.mark.parametrize("kept", range(1, len(POINT)))
def test_a_stream_that_ends_too_early_says_so(kept: int) -> None:
    """What came before the end is read; at the edge of a message nothing is missing."""
    stream = Stream(POINT[:kept])
    assert list(stream.values()) == []
    assert stream.truncated is (kept != 32)


@pytest.mark.parametrize(
    "damage",
    [message("04ff"), message("ff8400"), message("0400 f7ff"), message("1000"), b"\xf0" + bytes(16)],
)
def test_damage_is_one_clear_error(damage: bytes) -> None:
    """A stream that is none is refused with a sentence."""
    with pytest.raises(GobError, match="gob stream"):
        list(Stream(damage).values())


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Nothing but a GobError comes out of bytes from anywhere."""
    try:
        list(Stream(data).values())
    except GobError:
        return


@given(st.data())
def test_a_damaged_result_is_read_or_refused(data: st.DataObject) -> None:
    """The same holds for real results with bytes changed in them."""
    whole = bytearray((DATA / "vegeta.bin").read_bytes()[:1500])
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=5)):
        whole[place] = data.draw(st.integers(0, 255))
    try:
        list(Stream(bytes(whole)).values())
    except GobError:
        return
