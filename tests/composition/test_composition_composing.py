"""From what became of each service to the answer."""

from __future__ import annotations

import pytest

from gonogo_services.composition.backend import Backend, Policy
from gonogo_services.composition.composing import compose
from gonogo_services.composition.outcome import Failure, FailureKind, Outcome, Prediction, read_prediction
from gonogo_services.composition.parameters import Parameters, Switch

LATE = Failure(FailureKind.TIMEOUT, "no answer within 1 s")


def parameters(**switches: Switch) -> Parameters:
    """Parameters with these switches."""
    return Parameters(switches, 1, "start", 0.0)


def backends(policy: Policy) -> dict[str, Backend]:
    """Two services with the same policy."""
    return {name: Backend(name, f"http://{name}:1", 1.0, policy) for name in ("setosa", "versicolor")}


@pytest.mark.parametrize(
    ("probability", "answer"), [(0.9, 1), (0.8999999999999999, 0), (0.9000000000000001, 1), (0.0, 0), (1.0, 1)]
)
def test_the_answer_is_1_from_the_threshold_on(probability: float, answer: int) -> None:
    """A probability that equals the threshold reaches it; the next smaller number does not."""
    outcomes: dict[str, Outcome] = {"setosa": Prediction(probability, 1 - probability)}
    assert compose(outcomes, parameters(setosa=Switch(0.9)), backends(Policy.FAIL)).answer == {"setosa": answer}


def both(policy: Policy, *, versicolor: Outcome = LATE) -> tuple[object, ...]:
    """Compose a good setosa and ``versicolor`` under ``policy``."""
    outcomes: dict[str, Outcome] = {"setosa": Prediction(0.99, 0.01), "versicolor": versicolor}
    composed = compose(outcomes, parameters(setosa=Switch(0.9), versicolor=Switch(0.9)), backends(policy))
    return composed.answer, composed.defaulted, composed.failed


def test_policy_fail_names_the_service_that_failed() -> None:
    """There is no answer to take for a whole one."""
    assert both(Policy.FAIL)[2] == {"versicolor": LATE}


def test_policy_omit_answers_without_it_and_says_so() -> None:
    """The services that answered are in the answer."""
    assert both(Policy.OMIT) == ({"setosa": 1, "omitted": ["versicolor"]}, (), {})


def test_policy_default_answers_0() -> None:
    """The default's name is told beside the answer."""
    assert both(Policy.DEFAULT) == ({"setosa": 1, "versicolor": 0}, ("versicolor",), {})


def test_an_answer_with_everything_omitted_is_a_failure() -> None:
    """An answer of nothing would look like one."""
    composed = compose({"setosa": LATE}, parameters(setosa=Switch(0.9)), backends(Policy.OMIT))
    assert composed.failed == {"setosa": LATE}


@pytest.mark.parametrize("outcome", [Prediction(0.99, 0.01), LATE])
def test_a_service_that_was_switched_off_meanwhile_is_left_out(outcome: Outcome) -> None:
    """The stop switch holds for requests under way, and a stopped service fails none of them."""
    composed = compose({"setosa": outcome}, parameters(setosa=Switch(0.9, active=False)), backends(Policy.FAIL))
    assert (composed.answer, composed.failed) == ({}, {})


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (500, b'{"prediction": [0.5, 0.5]}', FailureKind.STATUS),
        (302, b"", FailureKind.STATUS),
        (200, b"<html>", FailureKind.GARBAGE),
        (200, b"\xff\xfe", FailureKind.GARBAGE),
        (200, b"[]", FailureKind.GARBAGE),
        (200, b"{}", FailureKind.GARBAGE),
        (200, b'{"prediction": null}', FailureKind.GARBAGE),
        (200, b'{"prediction": [[0.5, 0.5]]}', FailureKind.GARBAGE),
        (200, b'{"prediction": [0.5]}', FailureKind.GARBAGE),
        (200, b'{"prediction": [0.5, 0.4, 0.1]}', FailureKind.GARBAGE),
        (200, b'{"prediction": [true, false]}', FailureKind.GARBAGE),
        (200, b'{"prediction": ["1", "0"]}', FailureKind.GARBAGE),
        (200, b'{"prediction": [NaN, NaN]}', FailureKind.GARBAGE),
        (200, b'{"prediction": [1.5, -0.5]}', FailureKind.GARBAGE),
        (200, b'{"prediction": [0.5, 0.4]}', FailureKind.GARBAGE),
        (200, b"[" * 100_000, FailureKind.GARBAGE),
    ],
)
def test_an_answer_that_is_no_pair_of_probabilities_is_a_failure(status: int, body: bytes, kind: FailureKind) -> None:
    """No garbage becomes a 0 or a 1."""
    outcome = read_prediction(status, body)
    assert isinstance(outcome, Failure)
    assert outcome.kind is kind


def test_a_pair_of_probabilities_is_a_prediction() -> None:
    """Whole numbers are numbers too."""
    assert read_prediction(200, b'{"prediction": [1, 0], "more": "is ignored"}') == Prediction(1.0, 0.0)
