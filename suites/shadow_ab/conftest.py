"""What the suite of the shadow brings along: its mark, what is captured, and what is sent."""

import pytest

FLOWERS = "suites/shadow_ab/flowers.csv"
COLUMNS = ("sepal_length", "sepal_width", "petal_length", "petal_width")
LABELS = ("setosa", "versicolor", "virginica")


def pytest_configure(config):
    """Register the mark by which this suite is chosen."""
    config.addinivalue_line("markers", "shadow_ab: a gate on a candidate that gets copies of the live traffic")


@pytest.fixture
def capture(stack):
    """Both sides' answers, from now on."""
    return stack.capture("iris", labels=LABELS, columns=COLUMNS)


def _asking(stack, path, **options):
    """A flower of the data set for each request; users are told apart by a header."""
    flower = [f"{{row.{name}}}" for name in COLUMNS]
    return stack["iris"].target(
        "POST", path, json={"data": [flower]}, headers={"X-User-Id": "{user}"}, data=FLOWERS, **options
    )


@pytest.fixture
def predict(capture, stack):  # noqa: ARG001 - what is asked shall be captured
    """Asks for the probabilities of a flower."""
    return _asking(stack, "/predict")


@pytest.fixture
def label(capture, stack):  # noqa: ARG001 - likewise
    """Asks for the name of a flower whose true name is known."""
    return _asking(stack, "/predict/label", extract={"answer": "$.prediction[0]", "truth": "{row.species}"})
