"""What the blocks of a run say about how its requests depend on each other."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.verdicts.blocks import measure_dependence, spread
from gonogo.verdicts.evidence import FloatArray, IntArray

BLOCKS = 200
EACH = np.full(BLOCKS, 50, dtype=np.int64)


def _hits(per_block: dict[int, int]) -> IntArray:
    hits = np.zeros(BLOCKS, dtype=np.int64)
    for block, count in per_block.items():
        hits[block] = count
    return hits


@pytest.mark.parametrize("hits", [{}, {7: 1}, dict.fromkeys(range(BLOCKS), 3)], ids=["none", "one", "even"])
def test_no_sign_of_dependence_costs_nothing(hits: dict[int, int]) -> None:
    """No hit, one hit and evenly spread hits leave every request its full weight."""
    assert measure_dependence(_hits(hits), EACH, 0.95).effect == 1.0


def test_burst_counts_as_about_one_event() -> None:
    """Forty failures in one block tell little more than one failure would."""
    assert measure_dependence(_hits({90: 40}), EACH, 0.95).effect >= 40


def test_burst_that_ends_is_settled() -> None:
    """One short burst leaves enough blocks that know nothing of each other."""
    assert measure_dependence(_hits({90: 40, 91: 40}), EACH, 0.95).settled


def test_half_a_run_is_not_settled() -> None:
    """Failures from the middle to the end leave no 20 blocks that are independent, and no length that would."""
    half = measure_dependence(np.where(np.arange(BLOCKS) < BLOCKS // 2, 0, EACH), EACH, 0.95)
    assert (half.settled, half.blocks) == (False, 5)


@pytest.mark.parametrize("blocks", [1, 2, 5, 19])
def test_fewer_than_twenty_blocks_are_too_few(blocks: int) -> None:
    """Under 20 blocks nothing is settled, however even they are."""
    trials = np.full(blocks, 10, dtype=np.int64)
    assert not measure_dependence(np.zeros(blocks, np.int64), trials, 0.95).settled


def test_empty_blocks_do_not_count() -> None:
    """Blocks in which no request was due are no blocks."""
    trials = np.where(np.arange(BLOCKS) % 20 == 0, 50, 0).astype(np.int64)
    assert not measure_dependence(np.zeros(BLOCKS, np.int64), trials, 0.95).settled


def _slow_waves(rng: np.random.Generator, length: int) -> FloatArray:
    """Block means that forget what was over some three blocks."""
    values = np.empty(BLOCKS)
    state = 0.0
    for index in range(BLOCKS):
        state = state * (1 - 1 / length) + rng.normal()
        values[index] = state
    return values


def test_correlated_blocks_are_merged() -> None:
    """Blocks that follow each other's moods are merged until they are longer than the moods."""
    seen = spread(_slow_waves(np.random.default_rng(4), 3) + 100, np.ones(BLOCKS))
    assert (seen.settled, seen.blocks < BLOCKS) == (True, True)


def test_merged_blocks_reach_further_than_blind_ones() -> None:
    """Correlation makes the mean less certain than its blocks, taken as independent, would say."""
    values = _slow_waves(np.random.default_rng(4), 3)
    blind = 1.65 * float(values.std()) / math.sqrt(BLOCKS)
    assert spread(values, np.ones(BLOCKS)).reach(0.95) > 1.5 * blind


@given(st.lists(st.integers(0, 50), min_size=1, max_size=250), st.sampled_from([0.9, 0.99]))
def test_effect_is_at_least_one(hits: list[int], confidence: float) -> None:
    """Dependence only ever takes weight from requests; whatever the blocks hold, the effect is a number."""
    trials = np.full(len(hits), 50, dtype=np.int64)
    effect = measure_dependence(np.array(hits, dtype=np.int64), trials, confidence).effect
    assert 1 <= effect < math.inf
