"""Watching a run while it goes on."""

from __future__ import annotations

import numpy as np
import pytest

from fixtures.runs import build_run
from gonogo.measures.sequential import Load, Watch
from gonogo.runs.run import ERRORS, Columns, Run
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.verdict import Outcome

RATE = 1000.0
MINUTE = Load(targets=("GET /",), rate=RATE, timeout_s=10.0, duration_s=60.0)


def _run(seconds: float, latency_s: float = 0.01, *, error: str = "") -> Run:
    n = round(seconds * RATE)
    return build_run(n, rate=RATE, latency_s=latency_s, error=error)


def _watch(*texts: str) -> tuple[Watch, list[Criterion]]:
    criteria = [parse(text) for text in texts]
    return Watch(criteria, MINUTE), criteria


def _on_their_way(columns: Columns, first: int) -> Columns:
    columns.error[first:] = ERRORS.index("cut")
    return columns


def test_good_service_is_go_in_six_seconds_of_sixty() -> None:
    """A p99 and a success of a clearly good service are decided ten times sooner than the run's end."""
    watch, _ = _watch("p99 <= 50ms", "success >= 99.9%")
    assert watch.update(_run(6).columns)


def test_bad_service_is_no_go_in_half_a_second() -> None:
    """A service that is far too slow is refuted at once."""
    watch, _ = _watch("p99 <= 50ms")
    assert watch.update(_run(0.5, latency_s=0.2).columns)


def test_nothing_is_go_in_the_first_seconds() -> None:
    """Before five seconds have passed, what happens once a second has not had its chance."""
    watch, _ = _watch("p99 <= 50ms")
    assert not watch.update(_run(4).columns)


def test_the_reason_says_that_and_how_it_stopped_early() -> None:
    """The verdict names the time, the requests and the kind of bound."""
    watch, _ = _watch("p99 <= 50ms")
    watch.update(_run(6).columns)
    (verdict,) = watch.conclude(_run(6))
    assert verdict.reason.startswith(
        "Decided early, after 6 s of 60 s and 6,000 requests, by bounds that hold at every look (bets against the claim"
    )


def test_requests_after_one_that_is_missing_do_not_count() -> None:
    """Fast answers do not speak while an earlier request is still on its way."""
    watch, _ = _watch("p99 <= 50ms")
    assert not watch.update(_on_their_way(_run(10).columns, 3000))


def test_looks_come_with_enough_new_requests_only() -> None:
    """A snapshot that is hardly longer than the last is not looked at again."""
    watch, _ = _watch("p99 <= 50ms")
    watch.update(_run(4.9).columns)
    assert not watch.update(_run(5.1).columns)


def test_what_a_look_decided_stands_at_the_end() -> None:
    """Requests that fail after the decision do not change it: the claim was shown for the load until then."""
    watch, _ = _watch("p99 <= 50ms")
    watch.update(_run(6).columns)
    assert watch.conclude(_run(7, latency_s=0.2))[0].outcome is Outcome.GO


def test_open_criteria_are_judged_on_the_whole_run() -> None:
    """What no look decided is judged at the end; that the load was stopped is no reason against it here."""
    watch, _ = _watch("p99 <= 50ms", "max < 1s")
    watch.update(_run(6).columns)
    assert [verdict.outcome for verdict in watch.conclude(_run(60))] == [Outcome.GO, Outcome.GO]


def test_invalid_run_takes_early_decisions_back() -> None:
    """When the generator turns out to have been the limit, nothing is decided."""
    watch, _ = _watch("p99 <= 50ms")
    watch.update(_run(6).columns)
    run = build_run(6000, rate=RATE, facts={"valid": False, "invalid_reason": "lag p99 of 3 ms"})
    assert watch.conclude(run)[0].outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize("text", ["mean < 100ms", "throughput >= 900/s", "p50 <= 50ms", "status[200] >= 99%"])
def test_every_kind_can_be_decided_early(text: str) -> None:
    """Means, rates, percentiles and shares of a good service are all decided well before the end."""
    watch, _ = _watch(text)
    assert watch.update(_run(20).columns)


def test_snapshot_is_left_as_it_is() -> None:
    """A look changes nothing in what it looks at."""
    columns = _run(6).columns
    before = columns.done_s.copy()
    _watch("p99 <= 50ms")[0].update(columns)
    assert np.array_equal(before, columns.done_s)
