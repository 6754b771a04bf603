"""Units: what people write becomes numbers, and numbers become what people read."""

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.errors import GrammarError
from gonogo.units import format_bytes, format_duration, format_share, ms, parse_duration, parse_rate, parse_share, us


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("250ms", 0.25),
        ("2s", 2.0),
        ("1m30s", 90.0),
        ("1.5h", 5400.0),
        ("48µs", 48e-6),
        ("0", 0.0),
        (60, 60.0),
        (0.5, 0.5),
        (" 10 s ", 10.0),
    ],
)
def test_a_duration_is_read_as_seconds(text: str | float, seconds: float) -> None:
    """Numbers with a unit, several of them in a row, and plain numbers of seconds are durations."""
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "fast", "10", "10 parsecs", "s", "-1s", "1s2", "1 000ms", -1, math.inf, math.nan])
def test_what_is_no_duration_is_refused_with_the_units(text: str | float) -> None:
    """Anything else is a grammar error that shows what was given and how to mend it."""
    with pytest.raises(GrammarError) as caught:
        parse_duration(text)
    assert repr(text) in caught.value.what
    assert caught.value.mend


@pytest.mark.parametrize(("text", "rate"), [("100", 100.0), ("480/s", 480.0), ("6000/min", 100.0), (1000, 1000.0)])
def test_a_rate_is_read_as_requests_per_second(text: str | float, rate: float) -> None:
    """A rate is a number, or a number per second, minute or hour."""
    assert parse_rate(text) == pytest.approx(rate)


@pytest.mark.parametrize("text", ["0", "-5", "fast", "100rps", 0, math.nan])
def test_what_is_no_rate_is_refused(text: str | float) -> None:
    """Zero, negative and unreadable rates are grammar errors."""
    with pytest.raises(GrammarError):
        parse_rate(text)


@pytest.mark.parametrize(("text", "share"), [("99.9%", 0.999), ("0.5", 0.5), ("0%", 0.0), (1, 1.0)])
def test_a_share_is_read_as_a_number_of_zero_to_one(text: str | float, share: float) -> None:
    """A share is a percentage or a number of 0 to 1."""
    assert parse_share(text) == pytest.approx(share)


@given(st.decimals(min_value=0, max_value=100, places=4))
def test_a_percentage_is_the_nearest_float(percent: Decimal) -> None:
    """99.9% is 0.999 and not its neighbour."""
    assert parse_share(f"{percent}%") == float(percent / 100)


@pytest.mark.parametrize("text", ["101%", "-1%", "99.9", "most"])
def test_what_is_no_share_is_refused(text: str) -> None:
    """More than all and less than nothing are grammar errors."""
    with pytest.raises(GrammarError):
        parse_share(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.00272, "2.72 ms"),
        (48 * us, "48 µs"),
        (29.7, "29.7 s"),
        (0.0009996, "1 ms"),
        (0, "0 s"),
        (math.inf, "∞"),
        (math.nan, "unknown"),
        (100 * ms, "100 ms"),
    ],
)
def test_a_duration_is_written_to_three_digits(seconds: float, text: str) -> None:
    """Durations are shown in the unit that suits them."""
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("share", "text"), [(0.999, "99.9 %"), (1.0, "100 %"), (0.99999, "99.999 %"), (0.2172, "21.72 %"), (0.0, "0 %")]
)
def test_a_share_keeps_its_distance_from_all_and_nothing(share: float, text: str) -> None:
    """A share that is not all is never shown as 100 %."""
    assert format_share(share) == text


@given(st.floats(min_value=1e-9, max_value=1e7))
def test_what_is_written_is_read_back_to_three_digits(seconds: float) -> None:
    """Formatting and parsing a duration lose no more than the third digit."""
    assert parse_duration(format_duration(seconds)) == pytest.approx(seconds, rel=6e-3)


@given(st.floats(min_value=1e-7, max_value=1 - 1e-7))
def test_a_share_strictly_between_is_never_shown_as_an_extreme(share: float) -> None:
    """Neither 0 % nor 100 % is shown for anything else."""
    assert format_share(share) not in ("0 %", "100 %")


def test_bytes_are_written_in_binary_units() -> None:
    """300 MiB of the manifest are 300 MiB in the report."""
    assert format_bytes(300 * 1024 * 1024) == "300 MiB"
