"""The text grammar of criteria."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gonogo.errors import GrammarError
from gonogo.verdicts.criterion import Between, Comparison, Criterion, MeasureName
from gonogo.verdicts.grammar import parse, parse_measure
from gonogo.verdicts.vocabulary import ERROR_KINDS, level_of


@pytest.mark.parametrize(
    ("text", "canonical", "claim"),
    [
        ("p99 < 50ms", "p99 < 50ms", Comparison("<", 0.05)),
        ("success >= 99.9%", "success >= 99.9%", Comparison(">=", 0.999)),
        ("success>=0.999", "success >= 99.9%", Comparison(">=", 0.999)),
        ("status[503] <= 25%", "status[503] <= 25%", Comparison("<=", 0.25)),
        ("status[5xx] == 0%", "status[5xx] == 0%", Comparison("==", 0.0)),
        ("status[503] between 10% and 30%", "status[503] between 10% and 30%", Between(0.1, 0.3)),
        ("throughput >= 480/s", "throughput >= 480/s", Comparison(">=", 480.0)),
        ("throughput >= 6000/min", "throughput >= 100/s", Comparison(">=", 100.0)),
        ("max < 1s", "max < 1s", Comparison("<", 1.0)),
        ("errors[timeout] <= 0.1%", "errors[timeout] <= 0.1%", Comparison("<=", 0.001)),
        ("p99[POST /predict] < 50ms", "p99[POST /predict] < 50ms", Comparison("<", 0.05)),
        ("p99[ a[0] ] <= 1s", "p99[a[0]] <= 1s", Comparison("<=", 1.0)),
        ("answered.p99 ≤ 1s", "answered.p99 <= 1s", Comparison("<=", 1.0)),
        ("p999 <= 2s", "p99.9 <= 2s", Comparison("<=", 2.0)),
        ("p50.0 <= 1m30s", "p50 <= 90s", Comparison("<=", 90.0)),
        ("queued.mean < 10 ms", "queued.mean < 10ms", Comparison("<", 0.01)),
        ("requests >= 1,000", "requests >= 1000", Comparison(">=", 1000.0)),
        ("requests == 1000", "requests == 1000", Comparison("==", 1000.0)),
        ("success == 100%", "success == 100%", Comparison("==", 1.0)),
        ("max < 1s at 95%", "max < 1s", Comparison("<", 1.0)),
        ("success >= 99.9% at 99%", "success >= 99.9% at 99%", Comparison(">=", 0.999)),
    ],
)
def test_reads_criterion(text: str, canonical: str, claim: Comparison | Between) -> None:
    """Every form of a criterion reads as its claim and has one canonical text."""
    criterion = parse(text)
    assert (criterion.text, criterion.claim) == (canonical, claim)


def test_names_measure_with_population_and_key() -> None:
    """The measure keeps population, name and key apart."""
    assert parse("admitted.p95[GET /x] < 1s").measure == MeasureName("p95", "admitted", "GET /x")


def test_confidence_in_text_wins() -> None:
    """``at`` in the text says more than the confidence of the caller."""
    assert parse("p99 < 1s at 99%", confidence=0.9).confidence == 0.99


def test_callers_confidence_stands_in_text() -> None:
    """A confidence other than 95 % is part of the canonical text."""
    assert parse("p99 < 1s", confidence=0.9).text == "p99 < 1s at 90%"


@pytest.mark.parametrize(
    ("text", "where", "mend"),
    [
        ("p99 < 50", "character 7, '50'", "50ms or 50s"),
        ("p99 < 50%", "character 7, '50%'", "p99 < 50ms"),
        ("success >= 99.9", "character 12, '99.9'", "99.9%"),
        ("success >= 101%", "character 12, '101%'", "success >= 99.9%"),
        ("succes >= 99%", "character 1", "did you mean success?"),
        ("answred.p99 < 1s", "character 1", "did you mean answered.p99?"),
        ("latency.p99 < 50ms", "character 1", "did you mean p99?"),
        ("queued.success >= 1%", "character 1", "did you mean success?"),
        ("p100 < 1s", "character 1", "write max"),
        ("p500 < 1s", "character 1", "did you mean"),
        ("latency_of_all < 1s", "character 1", "write one of p50"),
        ("status <= 1%", "character 7", "status[503] <= 25%"),
        ("status[5033] <= 1%", "character 7", "from 100 to 599"),
        ("errors[timout] <= 1%", "character 7", "did you mean timeout?"),
        ("errors[qqq] <= 1%", "character 7", "write timeout, refused"),
        ("p99[] < 1s", "character 4", "name a key"),
        ("p99[a < 1s", "character 4", "status[503] <= 25%"),
        ("p99", "its end", "write one of <"),
        ("p99 <", "its end", "p99 < 50ms"),
        ("p99 50ms", "character 4, '50ms'", "write one of <"),
        ("p99 =< 1s", "character 5", "write <="),
        ("p99 = 1s", "character 5", "write =="),
        ("", "its end", "p99 < 50ms"),
        ("p99 between 1ms", "character 13", "between 10% and 30%"),
        ("p99 between 5ms and 2ms", "character 13", "the smaller limit first"),
        ("p99 between 5ms and 5ms", "p99 between", "room between them"),
        ("success between 0% and 100%", "success between", "inside 0% and 100%"),
        ("p99 == 50ms", "p99 == 50ms", "between"),
        ("success == 99%", "success == 99%", "between"),
        ("success >= 0%", "success >= 0%", "inside 0% and 100%"),
        ("success > 100%", "success > 100%", "inside 0% and 100%"),
        ("throughput >= 0/s", "character 15, '0/s'", "throughput >= 480/s"),
        ("p99 < 1s at 40%", "p99 < 1s at 40%", "above 0.5"),
        ("p99 < 1s at x", "character 13, 'x'", "99%"),
        ("requests >= 1.5", "character 13, '1.5'", "requests >= 1000"),
        ("p99 < 9e999s", "character 7", "p99 < 50ms"),
    ],
)
def test_refuses_with_place_and_mend(text: str, where: str, mend: str) -> None:
    """What cannot be read or judged is refused with the place in the text and how to mend it."""
    with pytest.raises(GrammarError) as caught:
        parse(text)
    assert (where in caught.value.where, mend in caught.value.mend) == (True, True), str(caught.value)


@pytest.mark.parametrize(
    ("text", "measure"),
    [
        ("p999", MeasureName("p99.9")),
        ("answered.mean", MeasureName("mean", "answered")),
        ("p99[POST /x]", MeasureName("p99", key="POST /x")),
        ("status[5xx]", MeasureName("status", key="5xx")),
    ],
)
def test_reads_measure_alone(text: str, measure: MeasureName) -> None:
    """A measure without a comparison names what is to be observed."""
    assert parse_measure(text) == measure


@pytest.mark.parametrize("text", ["p99 < 1s", "p99 p50", "status", "qqq", ""])
def test_refuses_what_is_no_measure(text: str) -> None:
    """A criterion, two measures, a missing key and an unknown name are no measure."""
    with pytest.raises(GrammarError):
        parse_measure(text)


@pytest.mark.parametrize(
    ("name", "level"), [("p50", 0.5), ("p99.9", 0.999), ("p999", 0.999), ("p7", 0.07), ("p0", None), ("p100", None)]
)
def test_percentile_names_level(name: str, level: float | None) -> None:
    """A percentile's name says its level exactly; 0 and 100 are no percentiles but extremes."""
    assert level_of(name) == level


_MEASURES = st.sampled_from(
    ["p50", "p99", "p99.99", "answered.p95", "lag.max", "min", "admitted.mean", "p99[POST /predict]", "max[a]b]"]
).map(lambda name: (name, "s"))
_SHARES = st.sampled_from(["success", "status[503]", "status[4xx]", *(f"errors[{kind}]" for kind in ERROR_KINDS)])
_LIMITS = {
    "s": st.floats(1e-9, 1e7).map(lambda value: f"{value!r}s"),
    "share": st.floats(1e-12, 1, exclude_max=True).map(repr),
    "/s": st.floats(1e-3, 1e9).map(lambda value: f"{value!r}/s"),
    "count": st.integers(0, 10**15).map(str),
}


@st.composite
def _criteria(draw: st.DrawFn) -> str:
    name, unit = draw(
        st.one_of(
            _MEASURES,
            _SHARES.map(lambda name: (name, "share")),
            st.just(("throughput", "/s")),
            st.just(("requests", "count")),
        )
    )
    low, high = draw(_LIMITS[unit]), draw(_LIMITS[unit])
    claim = draw(st.sampled_from([f"between {low} and {high}", *(f"{sign} {low}" for sign in ("<", "<=", ">", ">="))]))
    suffix = draw(st.one_of(st.just(""), st.floats(0.51, 0.999).map(lambda share: f" at {share!r}")))
    return f"{name} {claim}{suffix}"


def _read(text: str) -> Criterion | None:
    try:
        return parse(text)
    except GrammarError:
        return None


@given(_criteria())
def test_canonical_text_is_fixpoint(text: str) -> None:
    """The canonical text of a criterion reads back as the very same criterion."""
    criterion = _read(text)
    assume(criterion is not None)
    assert criterion is not None
    assert parse(criterion.text) == criterion


@given(st.one_of(st.text(max_size=40), st.text(alphabet="p9.[]<>= ms%/satbetwn0123456789", max_size=30)))
def test_arbitrary_text_is_read_or_refused(text: str) -> None:
    """Any text is a criterion or a GrammarError; nothing else gets out."""
    criterion = _read(text)
    assert criterion is None or parse(criterion.text) == criterion
