"""A panel: one judgment with everything that the page says about it, worked out and named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gonogo.gate.experiment import ExperimentEntry
from gonogo.gate.judgment import CriterionEntry, Judgment, RunEntry
from gonogo.gate.sentence import counted
from gonogo.report.charts.against import against_chart
from gonogo.report.charts.curve import curve_chart
from gonogo.report.charts.heatmap import heat_chart
from gonogo.report.charts.interval import interval_chart
from gonogo.report.charts.lag import lag_chart
from gonogo.report.charts.latency import latency_chart
from gonogo.report.charts.outcomes import outcomes_chart
from gonogo.report.charts.overlay import MOST_RUNS, overlay_chart
from gonogo.report.charts.rate import rate_chart
from gonogo.report.charts.resources import cpu_chart, memory_chart
from gonogo.report.exhibit import Exhibit
from gonogo.report.facts import key_facts
from gonogo.report.groups import Group, group_criteria, latency_limits, short_test
from gonogo.report.outline import Branch, outline
from gonogo.report.plots import Plots
from gonogo.report.portable import number
from gonogo.report.sheet import (
    Line,
    ReplicaLine,
    RunFigures,
    ShareLine,
    allowed_lag,
    cut_short,
    headline,
    outcome_lines,
    run_figures,
    run_lines,
    usage_lines,
)
from gonogo.report.since import ChangeLine, change_lines, headline_of
from gonogo.report.svg.element import Element, el
from gonogo.verdicts.verdict import Outcome, worst

__all__ = ["CriterionRow", "GroupBlock", "Panel", "RunBlock", "panel"]

_WORST_FIRST: Final = (Outcome.NO_GO, Outcome.INCONCLUSIVE, Outcome.GO)
_MOST_GROUPS: Final = 8
_FEWEST_GROUPS: Final = 2
"""With more groups than the first, those where all is well are folded, but for so many."""

_FEWEST_COMPARED: Final = 2
_OPEN_RUNS: Final = 2
"""So many runs are shown unfolded even where all is well."""


@dataclass(frozen=True, slots=True)
class CriterionRow:
    """A criterion and its drawing."""

    entry: CriterionEntry
    drawing: Element


@dataclass(frozen=True, slots=True)
class GroupBlock:
    """The criteria of one test on one run, with what tells the run from others."""

    group: Group
    name: str
    headline: str
    anchor: str
    rows: tuple[CriterionRow, ...]


@dataclass(frozen=True, slots=True)
class RunBlock:
    """A run with its figures and plots.

    Attributes:
        outcome: the worst of its criteria; None for a run without any.
        invalid: why the generator was the limit; empty when it was not.
        cut_short: why it ended early; empty when it did not.
        unfolded: it is shown open.
        note: why there are no plots; empty when there are.
    """

    entry: RunEntry
    anchor: str
    test: str
    outcome: Outcome | None
    headline: str
    figures: tuple[tuple[str, tuple[Line, ...]], ...]
    outcomes: tuple[ShareLine, ...]
    usage: tuple[ReplicaLine, ...]
    charts: tuple[Element, ...]
    note: str
    invalid: str
    cut_short: str
    unfolded: bool


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Several runs compared: one drawing of their curves, and their figures by the place in it."""

    drawing: Element
    rows: tuple[RunFigures, ...]
    anchors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExperimentBlock:
    """An experiment, ready for the template.

    Attributes:
        labels: of the figures of its steps.
        texts: title and text of what can be taken away.
        anchors: places of the runs that steps name.
    """

    entry: ExperimentEntry
    anchor: str
    labels: tuple[str, ...]
    charts: tuple[Element, ...]
    texts: tuple[tuple[str, Element], ...]
    anchors: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Panel:
    """One judgment, ready for the template.

    Attributes:
        groups: criteria shown at once.
        folded: the groups behind them, where there are many: every criterion in them holds.
        since: the verdict then and now; empty when there is no judgment to compare with.
        changes: what is different from it.
        compared: the runs over one another, when there are several and not too many.
    """

    judgment: Judgment
    label: str
    anchor: str
    counts: str
    facts: tuple[tuple[str, str], ...]
    groups: tuple[GroupBlock, ...]
    folded: tuple[GroupBlock, ...]
    runs: tuple[RunBlock, ...]
    provenance: tuple[Branch, ...]
    since: str
    changes: tuple[ChangeLine, ...]
    compared: SideBySide | None
    experiments: tuple[ExperimentBlock, ...] = ()


def panel(exhibit: Exhibit, anchor: str) -> Panel:
    """Return the panel of ``exhibit``; ``anchor`` is unique in the page and starts the ids of its parts."""
    judgment = exhibit.judgment
    groups = group_criteria(judgment)
    shown = sum(group.outcome is not Outcome.GO for group in groups)
    shown = len(groups) if len(groups) <= _MOST_GROUPS else max(shown, _FEWEST_GROUPS)
    anchors = {entry.name: f"{anchor}-r{index}" for index, entry in enumerate(judgment.runs)}
    blocks = tuple(_group(group, judgment, anchors, f"{anchor}-g{index}") for index, group in enumerate(groups))
    return Panel(
        judgment=judgment,
        label=exhibit.label,
        anchor=anchor,
        counts=_counts(judgment),
        facts=key_facts(judgment.provenance),
        groups=blocks[:shown],
        folded=blocks[shown:],
        runs=tuple(_run(entry, exhibit, anchors[entry.name]) for entry in judgment.runs),
        provenance=outline(judgment.provenance),
        since=headline_of(judgment.change, judgment.outcome) if judgment.change else "",
        changes=change_lines(judgment.change) if judgment.change else (),
        compared=_compared(exhibit, anchors, anchor),
        experiments=tuple(
            _experiment(entry, anchors, f"{anchor}-x{index}") for index, entry in enumerate(judgment.experiments)
        ),
    )


def _experiment(entry: ExperimentEntry, anchors: Mapping[str, str], anchor: str) -> ExperimentBlock:
    labels = tuple(dict.fromkeys(label for step in entry.steps for label, _ in step.figures))
    charts = tuple(against_chart(curve, f"{anchor}-c{index}") for index, curve in enumerate(entry.curves))
    # An element, since the page ties figures to their units in running text, which would spoil what is copied.
    texts = tuple((each.title, el("pre", each.text, tabindex="0")) for each in entry.attachments)
    return ExperimentBlock(entry, anchor, labels, charts, texts, anchors)


def _compared(exhibit: Exhibit, anchors: Mapping[str, str], anchor: str) -> SideBySide | None:
    found = {entry.name: exhibit.plots.get(entry.name) for entry in exhibit.judgment.runs}
    plots = {name: one for name, one in found.items() if isinstance(one, Plots) and one.levels}
    if not _FEWEST_COMPARED <= len(plots) <= MOST_RUNS:
        return None
    rows = tuple(run_figures(entry.name, entry.summary) for entry in exhibit.judgment.runs if entry.name in plots)
    return SideBySide(overlay_chart(plots, f"{anchor}-overlay"), rows, tuple(anchors[name] for name in plots))


def _counts(judgment: Judgment) -> str:
    outcomes = Counter(entry.verdict.outcome for entry in judgment.criteria)
    criteria = counted(len(judgment.criteria), "criterion")
    if outcomes:
        criteria += f" ({', '.join(f'{outcomes[outcome]} {outcome}' for outcome in _WORST_FIRST if outcomes[outcome])})"
    requests = sum(value for entry in judgment.runs if (value := number(entry.summary.get("requests"))) > 0)
    parts = [criteria, counted(len(judgment.tests), "gate test"), counted(len(judgment.runs), "run")]
    return " · ".join([*parts, counted(int(requests), "request")] if requests else parts)


def _group(group: Group, judgment: Judgment, anchors: Mapping[str, str], name: str) -> GroupBlock:
    summary = next((entry.summary for entry in judgment.runs if entry.name == group.run), {})
    rows = tuple(
        CriterionRow(entry, interval_chart(entry.verdict, f"{name}-{index}"))
        for index, entry in enumerate(group.entries)
    )
    others = [entry.test for entry in judgment.criteria]
    return GroupBlock(group, short_test(group.test, others), headline(summary), anchors.get(group.run, ""), rows)


def _run(entry: RunEntry, exhibit: Exhibit, anchor: str) -> RunBlock:
    judgment = exhibit.judgment
    criteria = [criterion for criterion in judgment.criteria if criterion.run == entry.name]
    outcome = worst(criterion.verdict.outcome for criterion in criteria) if criteria else None
    plots = exhibit.plots.get(entry.name, "its rows were not kept")
    invalid = str(entry.summary.get("invalid_reason") or "") if entry.summary.get("valid") is False else ""
    return RunBlock(
        entry=entry,
        anchor=anchor,
        test=short_test(entry.test, [run.test for run in judgment.runs]),
        outcome=outcome,
        headline=headline(entry.summary),
        figures=run_lines(entry.summary),
        outcomes=outcome_lines(entry.summary),
        usage=usage_lines(entry),
        charts=() if isinstance(plots, str) else _charts(plots, entry, latency_limits(criteria), anchor),
        note=plots if isinstance(plots, str) else "",
        invalid=invalid,
        cut_short=cut_short(entry.summary),
        unfolded=outcome in (Outcome.NO_GO, Outcome.INCONCLUSIVE) or len(judgment.runs) <= _OPEN_RUNS,
    )


def _charts(plots: Plots, entry: RunEntry, limits: Sequence[float], anchor: str) -> tuple[Element, ...]:
    if not plots.t_s:
        return ()
    series = entry.usage_over_time
    # Two stand beside each other: what a replica used is read against the latency of the same moments.
    cpu = [cpu_chart(plots, series, f"{anchor}-cpu")] if series else []
    memory = [memory_chart(plots, series, f"{anchor}-memory")] if series else []
    return (
        latency_chart(plots, limits, f"{anchor}-latency"),
        *cpu,
        heat_chart(plots, limits, f"{anchor}-heat"),
        *memory,
        curve_chart(plots, limits, f"{anchor}-curve"),
        rate_chart(plots, f"{anchor}-rate"),
        outcomes_chart(plots, f"{anchor}-outcomes"),
        lag_chart(plots, allowed_lag(entry.summary), f"{anchor}-lag"),
    )
