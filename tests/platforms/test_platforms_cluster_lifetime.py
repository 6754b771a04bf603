"""A namespace outlives its session by no more than it must."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gonogo.platforms.cluster.lifetime import LIFETIME, Owner, is_over, marks

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OWNER = Owner("host", "boot", 7, 1.0)


def _lives(alive: bool | None) -> Callable[[Owner], bool | None]:  # noqa: FBT001 - it is the whole fake
    return lambda _: alive


def test_this_process_lives() -> None:
    """An owner made here is found alive."""
    assert Owner.here().pid == os.getpid()
    assert Owner.here().lives() is True


def test_a_process_number_that_was_used_again_is_another_process() -> None:
    """The time of its start tells them apart."""
    assert replace(Owner.here(), started=1.0).lives() is False


def test_a_process_of_another_host_is_not_judged() -> None:
    """Nobody here can tell."""
    assert replace(Owner.here(), host="elsewhere").lives() is None


@pytest.mark.parametrize(
    ("alive", "later", "over"),
    [
        (True, LIFETIME * 2, False),
        (False, timedelta(0), True),
        (None, LIFETIME - timedelta(seconds=1), False),
        (None, LIFETIME + timedelta(seconds=1), True),
    ],
)
def test_an_owner_decides_where_it_is_known_and_the_time_elsewhere(
    alive: bool | None,  # noqa: FBT001 - a row of the table
    later: timedelta,
    over: bool,  # noqa: FBT001 - likewise
) -> None:
    """A living owner may be slow; a dead one needs no time; one out of sight has until its time is over."""
    assert is_over(marks(OWNER, NOW), NOW + later, _lives(alive)) is over


@pytest.mark.parametrize("annotations", [{}, {"gonogo.dev/owner": "{"}, {"gonogo.dev/owner": "{}"}])
def test_a_namespace_that_says_nothing_readable_is_left_alone(annotations: dict[str, str]) -> None:
    """Somebody else's labels are no reason to delete a namespace."""
    assert not is_over(annotations, NOW, _lives(alive=None))
