"""Quantities of CPU and memory."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.errors import GrammarError
from gonogo.manifests.quantity import parse_amount, parse_cpu, parse_memory

DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
BINARY = ("Ki", "Mi", "Gi", "Ti", "Pi", "Ei")


@pytest.mark.parametrize(
    ("text", "cores"),
    [("500m", 0.5), ("1", 1.0), (2, 2.0), (0.1, 0.1), (".5", 0.5), ("1.", 1.0), ("250000u", 0.25), ("1e-1", 0.1)],
)
def test_cpu_is_cores(text: str | float, cores: float) -> None:
    """CPU is given in cores, whatever its suffix."""
    assert parse_cpu(text) == cores


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("300Mi", 300 * 1024**2),
        ("1Gi", 1024**3),
        ("1000M", 10**9),
        ("1.5k", 1500),
        ("12e6", 12_000_000),
        ("1E3", 1000),
        ("1E", 10**18),
        ("128974848000m", 128974848),
        ("100m", 1),
        (2048, 2048),
    ],
)
def test_memory_is_bytes_rounded_up(text: str | float, size: int) -> None:
    """Memory is given in whole bytes, rounded up as Kubernetes does."""
    assert parse_memory(text) == size


@pytest.mark.parametrize(
    "text",
    ["", "m", "300MB", "1 Gi", "1KI", "1K", "-1", "1e", "1e3k", "0x10", "1,5", "\u0661", "1e400", "9" * 80, True, None],
)
def test_what_is_no_quantity_is_refused(text: str) -> None:
    """Anything outside Kubernetes' grammar is an error that says how to write it."""
    with pytest.raises(GrammarError) as caught:
        parse_memory(text)
    assert caught.value.mend == "write bytes with a suffix, such as 300Mi or 1Gi"


@given(st.integers(0, 10**6), st.sampled_from(list(DECIMAL)))
def test_decimal_suffixes_are_powers_of_ten(number: int, suffix: str) -> None:
    """Every decimal suffix multiplies by its power of ten, or is out of range."""
    value = number * Fraction(10) ** DECIMAL[suffix]
    if value < 2**63:
        assert parse_amount(f"{number}{suffix}") == value


@given(st.integers(0, 7), st.sampled_from(BINARY))
def test_binary_suffixes_are_powers_of_1024(number: int, suffix: str) -> None:
    """Every binary suffix multiplies by its power of 1024."""
    assert parse_memory(f"{number}{suffix}") == number * 1024 ** (BINARY.index(suffix) + 1)


@given(st.integers(0, 9), st.integers(0, 18))
def test_an_exponent_is_the_zeros_written_out(number: int, exponent: int) -> None:
    """``3e4`` is the same as ``30000``, with a small or a capital E."""
    written = f"{number}{'0' * exponent}"
    assert parse_memory(f"{number}e{exponent}") == parse_memory(f"{number}E{exponent}") == parse_memory(written)


@given(st.text(max_size=100))
def test_any_text_is_a_quantity_or_a_grammar_error(text: str) -> None:
    """No text makes the parser fail in another way, or hang."""
    try:
        value = parse_amount(text)
    except GrammarError:
        return
    assert value >= 0
