"""The brackets that name models: what they say, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.errors import GrammarError
from gonogo.verdicts.arms import Arms, ArmsKind, read_arms
from gonogo.verdicts.expressions import difference, moves, outcome, split
from gonogo.verdicts.grammar import parse

NAMES = st.text("abcdefghijklmnopqrstuvwxyz_.-0123456789", min_size=1, max_size=12).filter(
    lambda name: name[0].isalpha()
)


@pytest.mark.parametrize(
    "text",
    [
        "split[mode] within 2%",
        "split[mode by user] within 5%",
        "split[mode: iris_svc.onnx 60, iris_rf.onnx 40] within 2% at 99%",
        "moves[mode by user] <= 1",
        "success.difference[mode: rf vs svc] >= -1%",
        "success.difference[mode: rf vs svc] >= 0%",
        "p99.difference[mode: rf vs svc] <= 5ms",
        "answered.p95.difference[mode: rf vs svc] <= -5ms",
        "outcome.difference[click in mode by user: rf vs svc] between -1% and 1%",
    ],
)
def test_a_criterion_on_models_reads_back_as_it_is_written(text: str) -> None:
    """The canonical text of a criterion is the text itself."""
    assert parse(text).text == text


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (split("mode").within(0.02), "split[mode] within 2%"),
        (split("mode", {"svc": 60, "rf": 40}, by="user").within(0.05), "split[mode by user: svc 60, rf 40] within 5%"),
        (moves("mode") <= 1, "moves[mode by user] <= 1"),
        (difference("success", candidate="rf", current="svc") >= -0.01, "success.difference[mode: rf vs svc] >= -1%"),
        (difference("p99", candidate="rf", current="svc") <= 0.005, "p99.difference[mode: rf vs svc] <= 5ms"),
        (outcome("click").difference >= -0.01, "outcome.difference[click in mode by user] >= -1%"),
    ],
)
def test_an_expression_says_what_its_text_says(made: object, text: str) -> None:
    """Both make the same criterion."""
    assert made == parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "split within 2%",
        "split[mode] <= 2%",
        "split[mode] within 100%",
        "success within 2%",
        "split[mode: svc 60] within 2%",
        "split[mode: svc 60, svc 40] within 2%",
        "split[mode: svc, rf] within 2%",
        "split[mode by] within 2%",
        "moves[mode] <= 1",
        "success.difference[mode] >= 200",
        "success.difference[mode: rf] >= -1%",
        "success.difference[mode: rf vs rf] >= -1%",
        "mean.difference[mode: rf vs svc] <= 5ms",
        "success >= -1%",
    ],
)
def test_what_no_run_could_be_held_against_is_refused(text: str) -> None:
    """Unknown forms, lone weights, comparisons with itself and limits that do not fit are errors in the text."""
    with pytest.raises(GrammarError):
        parse(text)


@given(NAMES, NAMES, st.lists(NAMES, min_size=2, max_size=4, unique=True), st.data())
def test_weights_survive_their_text(column: str, user: str, labels: list[str], data: st.DataObject) -> None:
    """What is written for any weights is read as the same weights."""
    weights = tuple((label, float(data.draw(st.integers(1, 100)))) for label in labels)
    arms = Arms(column, user, weights=weights)
    assert read_arms(str(arms), "split") == arms


@given(st.text(max_size=30), st.sampled_from(["split", "moves", "pair", "outcome"]))
def test_any_text_is_read_or_refused(text: str, kind: ArmsKind) -> None:
    """No brackets make anything but models or an error that says how to write them."""
    mend = "none needed"
    try:
        read_arms(text, kind)
    except GrammarError as error:
        mend = error.mend
    assert mend
