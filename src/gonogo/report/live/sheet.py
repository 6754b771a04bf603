"""What the live view shows: a few lines of text from the figures of a running load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from gonogo.gate.figure import figure
from gonogo.report.live.pulse import Pulse
from gonogo.report.plain import one_line
from gonogo.units import format_duration
from gonogo.verdicts.verdict import Outcome, Verdict

__all__ = ["Moment", "sheet"]

_MARKS: Final = {Outcome.GO: ("✓", "green"), Outcome.NO_GO: ("✗", "red"), Outcome.INCONCLUSIVE: ("·", "yellow")}
_SO_FAR: Final = {Outcome.GO: "holds so far", Outcome.NO_GO: "does not hold", Outcome.INCONCLUSIVE: "undecided"}
_MOST: Final = 8
_BAR: Final = 30


@dataclass(frozen=True, slots=True)
class Moment:
    """A running load as it is shown.

    Attributes:
        name: of the run.
        elapsed_s: since its start; below 0 during the warm-up.
        duration_s: of the measured load.
        due: requests that have become due, warm-up included.
        pulse: the last seconds.
        verdicts: what the criteria say so far.
    """

    name: str
    elapsed_s: float
    duration_s: float
    due: int
    pulse: Pulse
    verdicts: Sequence[Verdict] = ()


def sheet(moment: Moment) -> RenderableType:
    """Return the lines for ``moment``."""
    return Group(_head(moment), _figures(moment), *([_criteria(moment.verdicts)] if moment.verdicts else []))


def _head(moment: Moment) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    grid.add_column(width=_BAR)
    grid.add_column(no_wrap=True)
    done = min(max(moment.elapsed_s, 0.0), moment.duration_s)
    bar = ProgressBar(total=moment.duration_s, completed=done, width=_BAR, complete_style="blue", finished_style="blue")
    grid.add_row(Text(one_line(moment.name), style="bold"), bar, Text(_time(moment), style="dim"))
    return grid


def _time(moment: Moment) -> str:
    if moment.elapsed_s < 0:
        return "warming up"
    if moment.elapsed_s > moment.duration_s:
        return "waiting for the last answers"
    return f"{moment.elapsed_s:.0f} of {moment.duration_s:.0f} s"


def _figures(moment: Moment) -> RenderableType:
    pulse = moment.pulse
    pairs = [
        ("rate", figure(float(f"{pulse.rate:.3g}"), "/s")),
        ("p50", format_duration(pulse.p50_s)),
        ("p99", format_duration(pulse.p99_s)),
        ("failed", figure(pulse.failed, "share")),
        ("lag p99", format_duration(pulse.lag_p99_s)),
        ("waiting", figure(pulse.waiting, "count")),
        ("sent", figure(moment.due, "count")),
    ]
    line = Text(no_wrap=True, overflow="ellipsis")
    for label, text in pairs:
        alarming = label == "failed" and pulse.failed > 0
        line.append(f"{label} ", style="dim").append(
            f"{'-' if text == 'unknown' else text}  ", style="red" if alarming else ""
        )
    return line


def _criteria(verdicts: Sequence[Verdict]) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, overflow="ellipsis")
    grid.add_column(no_wrap=True, justify="right")
    grid.add_column(no_wrap=True)
    for verdict in verdicts[:_MOST]:
        mark, style = _MARKS[verdict.outcome]
        grid.add_row(
            Text(f"{mark} ", style=style).append(one_line(verdict.expression), style="default"),
            figure(verdict.observed, verdict.unit),
            Text(_SO_FAR[verdict.outcome], style=style),
        )
    rest = len(verdicts) - _MOST
    if rest > 0:
        grid.add_row(Text(f"  and {rest} more", style="dim"), "", "")
    return grid
