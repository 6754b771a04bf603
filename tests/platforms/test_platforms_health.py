"""When probes are asked, what their answers amount to, and how long restarts wait."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.platforms.process.supervisor.backoff import backoff_s, shall_restart
from gonogo.platforms.process.supervisor.health import Tally, eager_delay_s


@pytest.mark.parametrize(
    ("answers", "holds"),
    [("", False), ("+", False), ("++", True), ("+-+", False), ("++--", True), ("++---", False), ("++--+--", True)],
)
def test_thresholds_count_answers_in_a_row(answers: str, holds: bool) -> None:  # noqa: FBT001 - a table's column
    """With 2 good answers it holds, with 3 bad ones in a row it holds no longer."""
    tally = Tally(success_threshold=2, failure_threshold=3)
    for answer in answers:
        tally.add(good=answer == "+")
    assert tally.holds is holds


@given(st.lists(st.booleans()), st.integers(1, 5))
def test_exhausted_means_so_many_bad_answers_last(answers: list[bool], threshold: int) -> None:
    """Liveness gives up exactly when the last ``threshold`` answers were bad."""
    tally = Tally(1, threshold, holds=True)
    for answer in answers:
        tally.add(good=answer)
    assert tally.exhausted is (len(answers) >= threshold and not any(answers[-threshold:]))


@given(st.integers(0, 10_000), st.floats(0.001, 100))
def test_a_starting_container_is_never_asked_later_than_its_period(attempt: int, period_s: float) -> None:
    """Eager probing is at most 0.1 s apart, and no slower than the manifest says."""
    assert 0 < eager_delay_s(attempt, period_s) <= min(0.1, period_s)


def test_back_off_doubles_up_to_its_limit() -> None:
    """A fiftieth of Kubernetes' 10 s, 20 s, 40 s … 300 s."""
    assert [round(backoff_s(failures), 3) for failures in (1, 2, 3, 5, 6, 1000)] == [0.2, 0.4, 0.8, 3.2, 6.0, 6.0]


@pytest.mark.parametrize(
    ("policy", "good", "init", "again"),
    [
        ("Always", True, False, True),
        ("Always", False, False, True),
        ("Always", True, True, False),
        ("Always", False, True, True),
        ("OnFailure", True, False, False),
        ("OnFailure", False, False, True),
        ("Never", True, False, False),
        ("Never", False, False, False),
        ("Never", False, True, False),
    ],
)
def test_restart_policies(policy: str, good: bool, init: bool, again: bool) -> None:  # noqa: FBT001 - a table's columns
    """An init container that ended well is done under every policy."""
    assert shall_restart(policy, good=good, init=init) is again
