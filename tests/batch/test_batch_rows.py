"""Values from JSON to numbers: a chunk at once and row by row come to the same."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gonogo_services.batch.prediction import predict_chunk
from gonogo_services.batch.rows import SEPARATOR, numbers_of, read_chunk

numbers = st.floats(allow_nan=False, allow_infinity=False, width=32) | st.integers(-(10**6), 10**6)
good = st.lists(numbers, min_size=4, max_size=4).map(json.dumps)
fragments = st.text(alphabet='[],null"123.5e-{}:tru ', max_size=24)


@given(st.lists(good, min_size=1, max_size=20))
def test_a_chunk_of_right_rows_is_read_at_once(texts: list[str]) -> None:
    """The array has the rows' numbers, rounded to 32 bits, in their order."""
    found = read_chunk(SEPARATOR.join(texts), len(texts))
    assert found is not None
    np.testing.assert_allclose(found, [json.loads(text) for text in texts], rtol=1e-6)


@given(st.lists(good | fragments, min_size=1, max_size=6))
def test_a_chunk_is_read_at_once_only_if_each_row_can_be_read_by_itself(texts: list[str]) -> None:
    """Whatever stands in the rows, also pieces that would join into JSON, the short way agrees with the long one."""
    singly = [numbers_of(text, len(text)) for text in texts]
    found = read_chunk(SEPARATOR.join(texts), len(texts))
    if any(isinstance(row, str) for row in singly):
        assert found is None
    else:
        assert found is not None
        np.testing.assert_allclose(found, np.array(singly, np.float64), rtol=1e-6)


def test_texts_that_join_into_rows_are_not_taken_for_rows() -> None:
    """Two broken texts that are two right rows when joined are not read as such."""
    assert read_chunk(SEPARATOR.join(["[1,2,3,4],null,[1", "2,3,4]"]), 2) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "values is null"),
        ("null", "values is null"),
        ('"5.1"', 'values is no list of numbers: "5.1"'),
        ("[1,2,3]", "values has 3 parts; 4 numbers are needed"),
        ("[1,2,3,4,5]", "values has 5 parts"),
        ('[1,2,"3",4]', r'values\[2\] is not a finite number that fits 32 bits: "3"'),
        ("[1,2,true,4]", r"values\[2\] is not a finite number that fits 32 bits: true"),
        ("[[1,2,3,4]]", "values has 1 part;"),
        ("[1,NaN,3,4]", r"values\[1\] is not a finite number that fits 32 bits: NaN"),
        ("[1e39,2,3,4]", r"values\[0\] is not"),
        ("[" * 3000, "values is (not JSON|nested too deeply)"),
        ("{", "values is not JSON"),
    ],
)
def test_what_is_wrong_with_a_row_is_said(text: str | None, reason: str) -> None:
    """Every kind of wrong values has a sentence that names the part."""
    found = numbers_of(text, len(text or ""))
    assert isinstance(found, str)
    assert re.match(reason, found)


def test_the_row_on_which_a_model_fails_is_found() -> None:
    """A model that fails on one row of many costs that row alone its prediction."""

    def predict(rows: NDArray[np.float32]) -> list[list[float]]:
        if (rows[:, 0] == 7).any():
            raise RuntimeError("no sevens")
        return [[1.0, 0.0, 0.0]] * len(rows)

    texts = [f"[{number},0,0,0]" for number in range(20)]
    outcome = predict_chunk(predict, list(range(20)), SEPARATOR.join(texts), list)
    assert outcome.failed == {7: "the model fails: no sevens"}
    assert sorted(outcome.ids) == [number for number in range(20) if number != 7]


def test_an_answer_that_is_not_finite_is_no_prediction() -> None:
    """A model that answers NaN for a row fails that row."""
    texts = ["[1,1,1,1]", "[2,2,2,2]"]
    outcome = predict_chunk(
        lambda rows: [[float("nan") if row[0] == 1 else 1.0, 0.0, 0.0] for row in rows.tolist()],
        [1, 2],
        SEPARATOR.join(texts),
        list,
    )
    assert outcome.failed == {1: "the model's answer is not finite"}
    assert outcome.predictions == "[[1.0,0.0,0.0]]"
