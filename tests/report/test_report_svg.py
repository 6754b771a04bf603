"""Drawings: scales, ticks, paths, labels, and the charts made of them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gonogo.report.charts.curve import curve_chart
from gonogo.report.charts.interval import interval_chart
from gonogo.report.charts.lag import lag_chart
from gonogo.report.charts.latency import latency_chart
from gonogo.report.charts.outcomes import kind_of, outcomes_chart
from gonogo.report.charts.rate import rate_chart
from gonogo.report.digest import digest
from gonogo.report.plots import Plots
from gonogo.report.svg.element import Element, el, picture
from gonogo.report.svg.path import area, line
from gonogo.report.svg.scale import Scale, linear, logarithmic
from gonogo.report.svg.spread import spread
from gonogo.runs.run import Run
from gonogo.verdicts.verdict import Outcome, Verdict

amounts = st.floats(1e-6, 1e6)
figures = st.one_of(st.floats(-1e12, 1e12), st.sampled_from([math.nan, math.inf, -math.inf, 0.0, 1.0]))


def drawn(element: Element) -> ET.Element:
    """The drawing as a parser of XML sees it."""
    return ET.fromstring(str(element.__html__()))  # noqa: S314 - our own


def numbers(element: Element) -> list[float]:
    """All numbers in the coordinates of a drawing."""
    found = []
    for part in drawn(element).iter():
        for name in ("d", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "width", "height"):
            found += [float(text) for text in re.findall(r"-?\d+(?:\.\d+)?", part.get(name, ""))]
    return found


@given(amounts, amounts, amounts, amounts, st.booleans())
def test_a_scale_keeps_the_order(low: float, high: float, one: float, other: float, log: bool) -> None:  # noqa: FBT001
    """What is larger lies farther along, and nothing lies outside."""
    assume(low < high)
    scale = Scale(low, high, 10.0, 200.0, log=log)
    first, second = sorted((one, other))
    assert 10 <= scale(first) <= scale(second) + 1e-9 <= 200 + 2e-9


@given(amounts, amounts, st.booleans())
def test_ticks_lie_on_the_scale(low: float, high: float, log: bool) -> None:  # noqa: FBT001 - drawn by Hypothesis
    """There are a few of them, in order, and none beyond the ends."""
    assume(high / low > 1.001)
    ticks = Scale(low, high, 0.0, 100.0, log=log).ticks()
    assert list(ticks) == sorted(set(ticks))
    assert len(ticks) <= 12
    room = (high - low) / 100
    assert all(low - room <= tick <= high + room for tick in ticks)


@pytest.mark.parametrize(
    ("scale", "ticks"),
    [
        (Scale(0, 1000, 0, 1), (0, 200, 400, 600, 800, 1000)),
        (Scale(0, 60, 0, 1), (0, 20, 40, 60)),
        (Scale(0.001, 10, 0, 1, log=True), (0.001, 0.01, 0.1, 1, 10)),
        (Scale(0.004, 0.06, 0, 1, log=True), (0.005, 0.01, 0.02, 0.05)),
    ],
)
def test_ticks_are_round(scale: Scale, ticks: tuple[float, ...]) -> None:
    """Steps of 1, 2 and 5; decades where there are many."""
    assert scale.ticks() == pytest.approx(ticks)


@pytest.mark.parametrize("values", [[], [math.nan], [math.inf, 3.0], [0.0, 0.0], [-1.0, 5.0], [1e-9, 1e9]])
def test_a_scale_is_found_for_any_values(values: list[float]) -> None:
    """Nothing to show, one value, or infinite ones, still make a scale with a width."""
    for scale in (linear(values, 0, 1), logarithmic(values, 0, 1)):
        assert scale.low < scale.high


@pytest.mark.parametrize(("low", "high", "log"), [(1.0, 1.0, False), (2.0, 1.0, False), (0.0, 1.0, True)])
def test_an_impossible_scale_is_refused(low: float, high: float, log: bool) -> None:  # noqa: FBT001 - a column
    """A scale without width, or a logarithm of nothing, is a mistake of the caller."""
    with pytest.raises(ValueError, match="no "):
        Scale(low, high, 0.0, 1.0, log=log)


def test_a_line_breaks_where_nothing_is_known() -> None:
    """A gap starts a new stroke; a lone point is a dot."""
    path = line([(0, 1), (1, 2), (2, math.nan), (3, 4)], "x").attributes["d"]
    assert path == "M0.0 1.0L1.0 2.0M3.0 4.0h0"


def test_an_area_breaks_where_nothing_is_known() -> None:
    """Each stretch is a closed shape of its own."""
    path = area([0, 1, 2, 3], [0, 0, 0, 0], [1, math.nan, 2, 3], "x").attributes["d"]
    assert path == "M0.0 1.0L0.0 0.0ZM2.0 2.0L3.0 3.0L3.0 0.0L2.0 0.0Z"


@given(st.lists(st.floats(0, 100), min_size=1, max_size=6))
def test_labels_are_kept_apart(places: list[float]) -> None:
    """Six labels of 13 find room on 100, in their order."""
    moved = spread(places, 13, 0, 100)
    kept = [moved[index] for index in sorted(range(len(places)), key=places.__getitem__)]
    assert all(later - earlier >= 13 - 1e-9 for earlier, later in pairwise(kept))
    assert all(-1e-9 <= place <= 100 + 1e-9 for place in moved)


def test_markup_escapes_text_and_attributes() -> None:
    """A drawing cannot be left by what is written in it."""
    markup = str(el("text", "</svg><script>", class_='"><b>').__html__())
    assert markup == '<text class="&#34;&gt;&lt;b&gt;">&lt;/svg&gt;&lt;script&gt;</text>'


def test_a_drawing_announces_itself() -> None:
    """Its title and description are referred to by identifiers of its own."""
    root = drawn(picture(el("g"), name="x", title="T", description="D", size=(10, 5), class_="c"))
    assert (root.get("role"), root.get("aria-labelledby")) == ("img", "x-t x-d")
    assert [(child.tag, child.get("id"), child.text) for child in root][:2] == [
        ("title", "x-t", "T"),
        ("desc", "x-d", "D"),
    ]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_is_never_drawn(value: float) -> None:
    """A place that is no place is a mistake of the caller, not a broken drawing."""
    with pytest.raises(ValueError, match="cannot be drawn"):
        el("circle", cx=value)


NOTHING = Plots(
    t_s=(0.5,), due=(0.0,), success=(0.0,), p50=(math.nan,), p90=(math.nan,), p99=(math.nan,), lag_p99=(math.nan,)
)


@pytest.mark.parametrize("failing", [None, 0.0, 0.3, 1.0])
def test_plots_stay_inside_their_frames(make_run: Callable[..., Run], failing: float | None) -> None:
    """Good, bad and dead services, and runs that tell nothing, are all drawn with finite numbers in the frame."""
    plots = NOTHING if failing is None else digest(make_run(failing=failing))
    charts = [
        latency_chart(plots, [0.05], "a"),
        rate_chart(plots, "b"),
        curve_chart(plots, [0.05], "c"),
        outcomes_chart(plots, "d"),
        lag_chart(plots, 0.001, "e"),
    ]
    for chart in charts:
        assert all(-1 <= value <= 430 for value in numbers(chart)), chart.title


def test_what_was_never_answered_is_marked(make_run: Callable[..., Run]) -> None:
    """The percentile curve of a service that fails a third of its requests says where answers end."""
    texts = ["".join(part.itertext()) for part in drawn(curve_chart(digest(make_run(failing=0.3)), [], "c"))]
    assert "not answered" in texts
    assert any("p99 ∞" in text for text in texts)


def test_small_outcomes_are_drawn_as_one() -> None:
    """With many statuses the largest keep their names and the others share one."""
    outcomes = {str(200 + index): (10.0 - index,) for index in range(9)}
    chart = outcomes_chart(Plots((0.5,), (1.0,), (1.0,), outcomes, (0.1,), (0.1,), (0.1,), (0.1,)), "x")
    names = [part.text for part in drawn(chart).iter("text") if "name" in part.get("class", "")]
    assert len(names) == 6
    assert "other" in names


@pytest.mark.parametrize(("outcome", "kind"), [("200", "s2"), ("503", "s5"), ("timeout", "failure"), ("", "failure")])
def test_outcomes_have_the_class_of_their_kind(outcome: str, kind: str) -> None:
    """Statuses by their hundred, everything else is a failure."""
    assert kind_of(outcome) == kind


def interval(expression: str, observed: float, low: float, high: float, limit: float, unit: str) -> ET.Element:
    """The drawing of a verdict with these figures."""
    verdict = Verdict(Outcome.GO, expression, observed, low, high, limit, unit, 100, 0.95, "It holds.")
    return drawn(interval_chart(verdict, "i"))


def part(root: ET.Element, class_: str) -> dict[str, float]:
    """The numbers of the first part of that class."""
    found = next(child for child in root if child.get("class") == class_)
    return {name: float(value) for name, value in found.items() if name != "class"}


@pytest.mark.parametrize(
    ("expression", "observed", "limit", "unit", "side"),
    [
        ("p99 <= 50ms", 0.01, 0.05, "s", "left"),
        ("success >= 99.9%", 0.9999, 0.999, "share", "right"),
        ("throughput >= 480/s", 499.0, 480.0, "/s", "right"),
    ],
)
def test_the_band_is_where_the_figure_must_lie(
    expression: str, observed: float, limit: float, unit: str, side: str
) -> None:
    """Left of an upper limit, right of a lower one, with the observation in it."""
    root = interval(expression, observed, observed * 0.999, observed * 1.0001, limit, unit)
    band, mark, dot = part(root, "allowed"), part(root, "limit"), part(root, "dot")
    ends = (0.0, mark["x1"]) if side == "left" else (mark["x1"], 260.0)
    assert (band["x"], band["x"] + band["width"]) == pytest.approx(ends, abs=0.2)
    assert ends[0] < dot["cx"] < ends[1]


def test_a_violated_limit_is_left_behind() -> None:
    """The whole interval of a p99 of 3 s lies right of its limit of 50 ms, on a logarithmic scale."""
    root = interval("p99 <= 50ms", 3.1, 2.9, 3.3, 0.05, "s")
    assert part(root, "limit")["x1"] < part(root, "bar")["x"] < part(root, "dot")["cx"]


def test_an_open_interval_runs_out_of_the_drawing() -> None:
    """No upper bound means no cap on the right side."""
    root = interval("p99 <= 50ms", 0.01, 0.009, math.inf, 0.05, "s")
    bar = part(root, "bar")
    assert bar["x"] + bar["width"] == pytest.approx(260)
    assert len([child for child in root if child.get("class") == "cap"]) == 1


@pytest.mark.parametrize(
    ("observed", "low", "high", "words"),
    [
        (math.inf, math.inf, math.inf, "observed ∞"),
        (math.nan, -math.inf, math.inf, "observed unknown"),
        (0.0, 0.0, 0.0, "observed 0 s"),
    ],
)
def test_odd_figures_are_drawn_too(observed: float, low: float, high: float, words: str) -> None:
    """A dead service and one that nobody asked have a drawing that says so."""
    root = interval("p99 <= 50ms", observed, low, high, 0.05, "s")
    assert words in "".join(root.itertext())


def test_both_limits_of_a_range_are_drawn() -> None:
    """The band lies between them."""
    root = interval("status[503] between 10% and 30%", 0.2, 0.19, 0.21, 0.1, "share")
    marks = [float(child.get("x1", "")) for child in root if child.get("class") == "limit"]
    band = part(root, "allowed")
    assert [band["x"], band["x"] + band["width"]] == pytest.approx(marks, abs=0.2)


@given(figures, figures, figures, st.sampled_from(["s", "share", "/s", "count"]))
def test_no_figure_breaks_a_drawing(observed: float, low: float, high: float, unit: str) -> None:
    """Whatever a measure comes up with, there is a drawing, and it stays inside."""
    verdict = Verdict(Outcome.INCONCLUSIVE, "x", observed, low, high, 0.05, unit, 1, 0.95, "")
    assert all(-1 <= value <= 261 for value in numbers(interval_chart(verdict, "i")))
