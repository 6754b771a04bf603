"""Scalars without quotes, as Kubernetes reads them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.manifests.scalar import Scalar, plain


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", True),
        ("y", True),
        ("No", False),
        ("oN", "oN"),
        ("~", None),
        ("", None),
        ("8000", 8000),
        ("-3", -3),
        ("0644", 420),
        ("0o644", 420),
        ("0x1F", 31),
        ("0b11", 3),
        ("1_000", 1000),
        ("08", 8.0),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("12:30", "12:30"),
        ("2024-01-01", "2024-01-01"),
        ("1.2.3", "1.2.3"),
        ("1e999", "1e999"),
        ("-", "-"),
        ("iris", "iris"),
        ("18446744073709551616", 18446744073709551616.0),
    ],
)
def test_a_scalar_has_the_type_that_a_cluster_gives_it(text: str, value: Scalar) -> None:
    """Booleans, numbers, nothing and text are told apart as Go's yaml.v2 does."""
    assert plain(text) == value
    assert type(plain(text)) is type(value)


def test_the_words_for_special_floats_are_floats() -> None:
    """``.nan`` and ``-.inf`` are numbers to YAML."""
    assert repr(plain(".nan")) == "nan"
    assert plain("-.inf") == -math.inf


@given(st.integers(-(2**63), 2**64 - 1))
def test_whole_numbers_are_read_exactly(number: int) -> None:
    """A decimal number of 64 bits is that number."""
    assert plain(str(number)) == number


@given(st.text(max_size=200))
def test_any_text_has_a_value(text: str) -> None:
    """No text makes the function fail."""
    assert isinstance(plain(text), str | int | float | bool | None)
