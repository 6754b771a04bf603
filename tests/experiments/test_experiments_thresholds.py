"""Thresholds by measuring: what a sweep shows, what it recommends, what is pasted, and what it is bound to."""

from __future__ import annotations

from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.errors import GrammarError, StackError, UsageError
from gonogo.experiments.thresholds.labelled import asked, from_columns
from gonogo.experiments.thresholds.pairs import pairs
from gonogo.experiments.thresholds.pasted import settings_text
from gonogo.experiments.thresholds.scored import Scored
from gonogo.experiments.thresholds.sweep import sweep
from gonogo.manifests.build import topology
from gonogo.manifests.check import check
from gonogo.manifests.syntax import parse
from gonogo.manifests.tuned import Tuning, read_tunings, stale, written

SHA256 = "9881a4f08924c11c88bc98bde52eb3072d99f65fecfe40b421143ba7aa7d361c"
OTHER = "0" * 64


def scored(members: int, others: int, *, high: float = 0.97, low: float = 0.03) -> Scored:
    """Return rows that are told apart without a mistake."""
    scores = np.array([high] * members + [low] * others)
    return Scored("setosa", scores, np.arange(members + others) < members)


def mixed(seed: int, rows: int, precision: float) -> Scored:
    """Return rows of which at every threshold a share of ``precision`` is right: the score says nothing."""
    random = np.random.default_rng(seed)
    scores, truth = random.uniform(0.01, 1, rows), random.random(rows) < precision
    return Scored("setosa", np.append(scores, 0.0), np.append(truth, values=False))


def test_the_lowest_threshold_that_is_shown_is_recommended() -> None:
    """With no mistake above 0.03, 0.04 finds most and is as precise as any."""
    found = sweep(scored(200, 200), precision=0.95)
    assert found.recommended is not None
    assert (found.recommended.threshold, found.recommended.recall) == (0.04, 1.0)
    assert found.recommended.precision_low >= 0.95


def test_few_rows_show_nothing() -> None:
    """Ten right ones of ten may have a precision of 60 %; the reason says how many rows would do."""
    found = sweep(scored(10, 10), precision=0.95)
    assert found.recommended is None
    assert "90 rows that all are right would show it" in found.reason


def test_what_gets_1_at_a_threshold_includes_the_threshold_itself() -> None:
    """As the proxy does: 1 from the threshold on."""
    rows = Scored("a", np.array([0.5, 0.49]), np.array([True, False]))
    at = {point.threshold: point.found for point in sweep(rows, precision=0.5).points}
    assert (at[0.49], at[0.5], at[0.51]) == (2, 1, 0)


def test_a_threshold_that_is_not_precise_enough_is_rarely_recommended() -> None:
    """The promise of the sweep: the chance of a recommendation at a precision just below is at most 5 %.

    400 sweeps of rows with a precision of 0.9, wanted 0.9. More than 30 false ones have a chance of 1.2 % if the rate
    is 5 % (binomial); seeded, so it does not waver.
    """
    false = sum(sweep(mixed(seed, 150, 0.9), precision=0.9).recommended is not None for seed in range(400))
    assert false <= 30


def test_precision_that_is_far_above_is_found() -> None:
    """The power side of the same: with a precision of 0.99, 300 rows show 0.9 almost always."""
    found = sum(sweep(mixed(seed, 300, 0.99), precision=0.9).recommended is not None for seed in range(50))
    assert found >= 45


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2, max_size=60))
def test_a_higher_threshold_finds_no_more(rows: list[tuple[float, bool]]) -> None:
    """Found and right fall from threshold to threshold, and bounds hold their figure."""
    truth = np.array([label for _, label in rows])
    if truth.all() or not truth.any():
        return
    points = sweep(Scored("a", np.array([score for score, _ in rows]), truth), precision=0.9).points
    assert all(one.found >= next_.found and one.right >= next_.right for one, next_ in pairwise(points))
    assert all(one.recall_low <= one.recall <= one.recall_high for one in points)


@pytest.mark.parametrize(
    ("scores", "truth", "message"),
    [
        ([0.5], [True, False], "1 scores and 2 truths"),
        ([], [], "no rows"),
        ([0.5, 1.5], [True, False], "row 2 has the score 1.5"),
        ([0.5, float("nan")], [True, False], "row 2"),
        ([0.5, 0.6], [True, True], "all of the rows"),
    ],
)
def test_data_that_cannot_be_swept_are_refused(scores: list[float], truth: list[bool], message: str) -> None:
    """One message that says which row or what is missing."""
    with pytest.raises(UsageError, match=message):
        Scored("a", np.array(scores), np.array(truth, dtype=np.bool_))


@pytest.mark.parametrize(("precision", "confidence"), [(0, 0.95), (1, 0.95), (0.9, 0.5), (0.9, 1)])
def test_figures_that_say_nothing_are_refused(precision: float, confidence: float) -> None:
    """100 % can never be shown, nor can certainty."""
    with pytest.raises(UsageError):
        sweep(scored(5, 5), precision=precision, confidence=confidence)


ROWS = [{"a": 1.0, "p": 0.9, "label": "x"}, {"a": 2.0, "p": 0.2, "label": "y"}]


def test_scores_can_stand_in_the_data(tmp_path: Path) -> None:
    """Columns of a file, the class of each row in another."""
    file = tmp_path / "rows.csv"
    file.write_text("a,p,label\n1,0.9,x\n2,0.2,y\n")
    [found] = from_columns(file, "label", {"x": "p"})
    assert (list(found.scores), list(found.truth)) == ([0.9, 0.2], [True, False])


def test_services_are_asked_for_scores() -> None:
    """Each row is sent as the services take it, without its truth."""
    sent: list[object] = []

    def ask(body: object) -> object:
        sent.append(body)
        return {"prediction": [0.25, 0.75]}

    [found] = asked(ROWS, "label", {"x": ask}, features=["a"])
    assert sent == [{"data": [[1.0]]}, {"data": [[2.0]]}]
    assert list(found.scores) == [0.25, 0.25]


def test_an_answer_without_a_score_stops_the_sweep() -> None:
    """It is the service's fault, and the row is named."""
    with pytest.raises(StackError, match="row 1"):
        asked(ROWS, "label", {"x": lambda _: {"prediction": []}})


def test_settings_are_ready_to_paste_and_bound_to_their_model() -> None:
    """A variable for the proxy, and the annotation with the model's hash."""
    text = settings_text([sweep(scored(200, 200), precision=0.95)], {"setosa": Tuning("iris-setosa", SHA256)})
    assert "\nTHRESHOLD_SETOSA=0.04\n" in text
    assert f'# gonogo.dev/tuned-for: "iris-setosa={SHA256}"\n' in text


def test_a_class_without_a_threshold_gets_no_setting() -> None:
    """Nothing that could be pasted by mistake."""
    text = settings_text([sweep(scored(10, 10), precision=0.95)])
    assert not [line for line in text.splitlines() if not line.startswith("#")]


SERVICE = (
    "apiVersion: v1\nkind: Service\nmetadata: {name: iris, namespace: shop}\n"
    "spec:\n  selector: {app: iris}\n  ports: [{port: 80}]\n---\n"
    "apiVersion: v1\nkind: Service\nmetadata: {name: iris, namespace: other}\n"
    "spec:\n  selector: {app: iris}\n  ports: [{port: 80}]\n---\n"
)


def tuned(annotation: str) -> str:
    """Return a Pod in the namespace shop that has thresholds."""
    return (
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: proxy\n  namespace: shop\n"
        f"  annotations: {{gonogo.dev/tuned-for: '{annotation}'}}\n"
        "spec:\n  containers: [{name: a, image: 'a:1'}]\n"
    )


@pytest.mark.parametrize(
    ("annotation", "models", "said"),
    [
        (f"iris={SHA256}", {"shop/iris": SHA256}, ""),
        (f"iris={SHA256[:12]}", {"shop/iris": SHA256}, ""),
        (f"other/iris={SHA256}", {"other/iris": SHA256}, ""),
        (f"iris={SHA256}", {"shop/iris": OTHER}, "which serves the model 000000000000"),
        (f"iris={SHA256}", {}, "does not say what model"),
    ],
)
def test_a_new_model_with_old_thresholds_is_said(annotation: str, models: dict[str, str], said: str) -> None:
    """The annotation is held against what the Services serve; not knowing is no agreement."""
    found = stale(topology(parse(SERVICE + tuned(annotation), "a.yaml")).require(), models)
    assert [said in finding.consequence for finding in found] == ([True] if said else [])


@pytest.mark.parametrize(
    ("annotation", "said"),
    [
        (f"iris={SHA256}", ""),
        (f"shop/iris={SHA256}", ""),
        ("iris=new", "names no model"),
        (f"rose={SHA256}", "there is no Service shop/rose"),
        (f"third/iris={SHA256}", "there is no Service third/iris"),
    ],
)
def test_thresholds_that_are_bound_to_nothing_are_found_before_the_start(annotation: str, said: str) -> None:
    """An annotation that cannot be read, or that names a Service that there is not, is an error of the manifests."""
    found = [each for each in check(parse(SERVICE + tuned(annotation), "a.yaml")) if each.rule == "thresholds-unbound"]
    assert [said in finding.consequence for finding in found] == ([True] if said else [])


def test_tunings_are_read_as_they_are_written() -> None:
    """The annotation's text and back."""
    tunings = (Tuning("iris", SHA256), Tuning("shop/rose", OTHER))
    assert read_tunings(written(tunings)) == tunings


def test_a_hash_that_is_too_short_is_none() -> None:
    """Twelve digits tell models apart; fewer may not."""
    with pytest.raises(GrammarError, match="names no model"):
        Tuning("iris", "abc")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=2, max_size=6))
def test_every_pair_of_values_meets(sizes: list[int]) -> None:
    """Whatever the parameters are, any two values of two of them stand in one row."""
    parameters = {f"p{i}": list(range(size)) for i, size in enumerate(sizes)}
    rows = pairs(parameters)
    for one, other in combinations(parameters, 2):
        met = {(row[one], row[other]) for row in rows}
        assert met == {(a, b) for a in parameters[one] for b in parameters[other]}


def test_pairs_need_fewer_rows_than_all_combinations() -> None:
    """Ten parameters of three values: 59,049 combinations, and not even 30 rows."""
    assert len(pairs({f"p{i}": ["a", "b", "c"] for i in range(10)})) < 30


def test_values_need_not_be_hashable() -> None:
    """Lists and mappings are values, too."""
    rows = pairs({"flower": [[1.0], [2.0]], "on": [{}, {"a": 1}]})
    assert {"flower": [1.0], "on": {"a": 1}} in rows


def test_a_parameter_without_values_is_refused() -> None:
    """Nothing could be made of it."""
    with pytest.raises(UsageError, match="'p' has no values"):
        pairs({"p": [], "q": [1]})
