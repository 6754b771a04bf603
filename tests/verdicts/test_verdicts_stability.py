"""Population stability and slices: bounds that hold, corrections that are due."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.errors import MeasurementError
from gonogo.verdicts.estimate import estimate
from gonogo.verdicts.evidence import Missing, Proportion, Slice, Slices, Stability
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.judge import judge
from gonogo.verdicts.method import Method
from gonogo.verdicts.stability import stability, stability_bounds
from gonogo.verdicts.verdict import Outcome

counts = st.lists(st.integers(0, 5000), min_size=2, max_size=12)
PSI = parse("parity.psi[a] <= 0.1")
WORST = parse("parity.worst >= 90%")


def histograms(live: list[int], shadow: list[int], effect: float = 1.0) -> Stability:
    """Return two histograms as evidence."""
    return Stability(np.array(live, np.int64), np.array(shadow, np.int64), "score of a", effect)


def share(hits: int, trials: int) -> Proportion:
    """``hits`` of ``trials`` in blocks of ten, evenly spread and without a pattern."""
    random = np.random.default_rng(7)
    fine = random.permutation(np.arange(trials) < hits)
    return Proportion(
        fine.reshape(-1, 10).sum(axis=1).astype(np.int64), np.full(trials // 10, 10, np.int64), "agreements"
    )


def test_the_index_is_that_of_the_textbook() -> None:
    """Two bins of 50 % and 50 % against 60 % and 40 %: 0.1 ln 1.2 + 0.1 ln 1.25."""
    found = stability(histograms([600, 400], [500, 500]))
    assert found == pytest.approx(0.1 * np.log(1.2) + 0.1 * np.log(1.25))


@settings(max_examples=40)
@given(counts, counts, st.floats(1, 20))
def test_the_bounds_hold_the_figure(live: list[int], shadow: list[int], effect: float) -> None:
    """Whatever the counts, the observed index lies between its bounds, and both sides are treated alike."""
    bins = min(len(live), len(shadow))
    seen = histograms(live[:bins], shadow[:bins], effect)
    if seen.n == 0:
        return
    for method in Method:
        low, high = stability_bounds(seen, 0.95, method)
        assert 0 <= low <= stability(seen) + 1e-9
        assert stability(seen) <= high + 1e-9
    swapped = histograms(shadow[:bins], live[:bins], effect)
    assert stability(swapped) == pytest.approx(stability(seen))


@settings(max_examples=40)
@given(counts.filter(lambda given: sum(given) > 0))
def test_more_dependence_never_narrows(live: list[int]) -> None:
    """The same counts of requests that depend on each other tell less."""
    near, far = (stability_bounds(histograms(live, live, effect), 0.95)[1] for effect in (1.0, 5.0))
    assert near <= far + 1e-9


def test_few_pairs_decide_nothing() -> None:
    """A hundred pairs of one distribution cannot show that it is one."""
    verdict = judge(PSI, histograms([10] * 10, [10] * 10))
    assert (verdict.outcome, verdict.observed) == (Outcome.INCONCLUSIVE, 0.0)


def test_no_pair_is_no_data() -> None:
    """Without a single pair there is nothing to say."""
    assert judge(PSI, histograms([0, 0], [0, 0])).outcome is Outcome.INCONCLUSIVE


def test_histograms_need_the_same_bins() -> None:
    """Anything else is a fault of whoever made them."""
    with pytest.raises(MeasurementError, match="same bins"):
        histograms([1, 2], [1, 2, 3])


def test_every_slice_must_show_the_claim() -> None:
    """Fifteen perfect slices do not make up for one that shows nothing."""
    good, poor = share(1000, 1000), share(905, 1000)
    assert judge(WORST, Slices((Slice("a", good), Slice("b", good)), "agreements")).outcome is Outcome.GO
    found = judge(WORST, Slices((Slice("a", good), Slice("b", poor)), "agreements"))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "worst of 2 slices, b" in found.reason


def test_a_bad_slice_among_many_needs_clearer_data() -> None:
    """What refutes a single slice may be chance among fifty."""
    good, poor = share(1000, 1000), share(875, 1000)
    alone = judge(WORST, Slices((Slice("bad", poor),), "agreements"))
    many = (Slice("bad", poor), *(Slice(f"s{number}", good) for number in range(400)))
    assert alone.outcome is Outcome.NO_GO
    assert judge(WORST, Slices(many, "agreements")).outcome is Outcome.INCONCLUSIVE


def test_a_hopeless_slice_is_no_go_among_many() -> None:
    """A slice at one half is found among fifty."""
    good, poor = share(1000, 1000), share(500, 1000)
    found = judge(
        WORST, Slices((*(Slice(f"s{number}", good) for number in range(50)), Slice("bad", poor)), "agreements")
    )
    assert (found.outcome, found.observed) == (Outcome.NO_GO, 0.5)
    assert "bad" in found.reason


def test_without_slices_nothing_is_said() -> None:
    """No slice is no GO."""
    assert judge(WORST, Slices((), "agreements")).outcome is Outcome.INCONCLUSIVE


def test_what_is_missing_is_inconclusive_with_the_reason() -> None:
    """Missing evidence never passes, whatever the claim."""
    verdict = judge(PSI, Missing("parity.psi[a]", "of 10 requests none was captured", 0, "index"))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "none was captured" in verdict.reason


def test_estimates_observe_without_a_claim() -> None:
    """What can be judged can be looked at."""
    seen = estimate(histograms([600, 400], [500, 500]))
    assert seen.low <= seen.value <= seen.high
    worst = estimate(Slices((Slice("a", share(1000, 1000)), Slice("b", share(900, 1000))), "agreements"))
    assert (worst.value, worst.n) == (0.9, 1000)
