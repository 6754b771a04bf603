"""Predictions and rows in bodies."""

import json

from hypothesis import given
from hypothesis import strategies as st

from gonogo.capture.reading import Prediction, Reading

CLASSES = ("setosa", "versicolor", "virginica")


def test_scores_give_the_label_of_the_largest() -> None:
    """A list of lists of numbers is a row of scores each."""
    read = Reading(labels=CLASSES).prediction(b'{"prediction": [[0.1, 0.7, 0.2], [0.9, 0.1, 0.0]]}')
    assert read == Prediction(("versicolor", "setosa"), ((0.1, 0.7, 0.2), (0.9, 0.1, 0.0)))


def test_a_flat_list_of_numbers_is_one_row() -> None:
    """Binary classifiers answer [p, 1 - p]."""
    assert Reading().prediction(b'{"prediction": [0.2, 0.8]}') == Prediction(("1",), ((0.2, 0.8),))


def test_labels_and_bare_strings_have_no_scores() -> None:
    """A list of names, a name alone and an object are compared as they are."""
    assert Reading().prediction(b'{"prediction": ["bee", "cat"]}') == Prediction(("bee", "cat"))
    assert Reading(answer="").prediction(b'"Persian cat"') == Prediction(("Persian cat",))
    assert Reading(answer="").prediction(b'{"b": 1, "a": 0}') == Prediction(('{"a": 0, "b": 1}',))


def test_a_path_goes_through_lists() -> None:
    """Numbers in a path are places of lists."""
    body = b'{"outputs": [{"data": [[0.4, 0.6]]}]}'
    assert Reading(answer="outputs.0.data").prediction(body) == Prediction(("1",), ((0.4, 0.6),))


def test_the_first_row_of_a_request_is_named_by_its_columns() -> None:
    """Lists by their order, objects by their names."""
    reading = Reading(columns=("length", "width"))
    assert reading.row(b'{"data": [[1.5, 2], [3, 4]]}') == {"length": 1.5, "width": 2}
    assert reading.row(b'{"data": {"width": 2, "length": 1, "other": 3}}') == {"length": 1, "width": 2}
    assert reading.row(b'{"data": [[1, 2, 3]]}') == {}


@given(
    st.binary(max_size=60) | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(json.dumps).map(str.encode)
)
def test_no_body_makes_it_fail(body: bytes) -> None:
    """What cannot be read is None or empty, never an exception."""
    reading = Reading(labels=CLASSES, columns=("a", "b"))
    prediction = reading.prediction(body)
    assert prediction is None or prediction.labels
    assert isinstance(reading.row(body), dict)
