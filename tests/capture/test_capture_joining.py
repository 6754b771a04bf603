"""Both sides joined to the requests of a run."""

import json

import pytest

from gonogo.capture.joining import joined
from gonogo.capture.reading import Reading
from gonogo.capture.record import Body, Captured
from gonogo.capture.sides import Sides

LIVE, SHADOW = "127.0.0.1:1", "127.0.0.1:2"
SIDES = Sides(frozenset({LIVE}), frozenset({SHADOW}))
READING = Reading(labels=("a", "b"), columns=("x",))


def answered(replica: str, scores: list[float], *, at_s: float = 0.0, status: int = 200, name: str = "r") -> Captured:
    """Return what was captured of a request that a replica answered with these scores."""
    body = json.dumps({"prediction": [scores]}).encode()
    asked = b'{"data": [[1.5]]}'
    return Captured(
        replica=replica,
        request_id=name,
        began_s=at_s,
        latency_s=0.01,
        status=status,
        request=Body(asked, len(asked)),
        answer=Body(body, len(body)),
    )


def values(*captures: Captured, by: str | None = LIVE, sides: Sides = SIDES) -> dict[str, object]:
    """Return every column of one request with these captures."""
    columns = joined(["r"], [by], captures, sides=sides, reading=READING)
    return {name: column[0] for name, column in columns.items()}


def test_a_pair_has_agreement_distances_scores_and_input() -> None:
    """Every column of one request that both sides answered."""
    row = values(answered(LIVE, [0.75, 0.25]), answered(SHADOW, [0.5, 0.5], at_s=0.1))
    assert row["agrees"] is True
    assert (row["score_distance"], row["score_variation"]) == (0.25, 0.25)
    assert (row["live_score_a"], row["shadow_score_b"], row["input_x"], row["copies"]) == (0.75, 0.5, 1.5, 1)
    assert (row["live_captured"], row["leaked"]) == (True, False)


def test_other_labels_do_not_agree() -> None:
    """The largest scores are of two classes."""
    assert values(answered(LIVE, [0.6, 0.4]), answered(SHADOW, [0.4, 0.6]))["agrees"] is False


@pytest.mark.parametrize(
    ("live", "shadow", "agree"), [(422, 422, True), (200, 500, False), (500, 500, False), (422, 200, False)]
)
def test_refusals_agree_and_failures_do_not(live: int, shadow: int, agree: bool) -> None:  # noqa: FBT001 - a row of the table
    """The same refusal of a bad request is agreement; a failure of either side is none."""
    sides = answered(LIVE, [1, 0], status=live), answered(SHADOW, [1, 0], status=shadow)
    assert values(*sides)["agrees"] is agree


def test_a_copy_without_an_answer_does_not_agree() -> None:
    """A shadow that hangs is not like the current model."""
    row = values(answered(LIVE, [1, 0]), Captured(SHADOW, "r", 0.1))
    assert (row["copies"], row["agrees"], row["shadow_latency_s"]) == (1, False, None)


def test_without_a_copy_nothing_is_said_about_agreement() -> None:
    """Not mirrored is no disagreement: mirror.once tells it."""
    row = values(answered(LIVE, [1, 0]))
    assert (row["copies"], row["agrees"]) == (0, None)


def test_an_answer_of_the_shadow_at_a_client_is_a_leak() -> None:
    """The sidecar names the replica whose answer the client got."""
    row = values(answered(SHADOW, [1, 0]), by=SHADOW)
    assert (row["leaked"], row["copies"], row["live_captured"]) == (True, 0, True)


def test_a_model_mirrored_to_itself_has_one_copy() -> None:
    """Of two captures of the same side, the first is the client's."""
    both = Sides(frozenset({LIVE}), frozenset({LIVE}))
    row = values(answered(LIVE, [1, 0]), answered(LIVE, [1, 0], at_s=0.1), sides=both)
    assert (row["copies"], row["agrees"], row["leaked"]) == (1, True, False)


def test_a_request_without_an_id_has_nothing() -> None:
    """Without a record of the sidecar nothing can be joined."""
    columns = joined([None], [None], [answered(LIVE, [1, 0])], sides=SIDES, reading=READING)
    assert all(column[0] is None for column in columns.values())
