"""The live view: only for a terminal that somebody looks at, cheap, and without effect on the load."""

from __future__ import annotations

import io
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest
from rich.console import Console

from fixtures.patience import PATIENCE_S
from gonogo.report.live.pace import Pace
from gonogo.report.live.pulse import Pulse, pulse, still_of_interest_s
from gonogo.report.live.sheet import Moment, sheet
from gonogo.report.live.view import LiveView, is_wanted, so_far
from gonogo.runs.run import ERRORS, Columns, Run
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.verdict import Outcome, Verdict

MakeRun = Callable[..., Run]


class Terminal(io.StringIO):
    """A text stream that says it is a terminal, or not."""

    def __init__(self, *, terminal: bool = True) -> None:
        super().__init__()
        self._terminal = terminal
        self.written = threading.Event()

    def isatty(self) -> bool:
        """As it was told."""
        return self._terminal

    def write(self, text: str) -> int:
        """Remember that something was shown."""
        if "p99" in text:
            self.written.set()
        return super().write(text)


@dataclass
class Progress:
    """How far a load has come."""

    elapsed_s: float = 5.0
    due: int = 500


class Load:
    """A running load with rows that are known so far."""

    def __init__(self, columns: Columns, progress: Progress | None = None) -> None:
        self.columns = columns
        self._progress = progress or Progress()
        self.looks = 0

    def progress(self) -> Progress:
        """As it was told."""
        return self._progress

    def snapshot(self, since_s: float = 0.0) -> Columns:
        """The same rows at every look."""
        self.looks += 1
        return self.columns.where(self.columns.due_s >= since_s)


@pytest.mark.parametrize(
    ("terminal", "environment", "wanted"),
    [
        (True, {"TERM": "xterm"}, True),
        (True, {"TERM": "xterm", "CI": "true"}, False),
        (True, {"TERM": "dumb"}, False),
        (True, {}, False),
        (False, {"TERM": "xterm"}, False),
    ],
)
def test_it_stays_out_of_logs(terminal: bool, environment: dict[str, str], wanted: bool) -> None:  # noqa: FBT001
    """No CI, no file, no terminal that cannot redraw."""
    assert is_wanted(Terminal(terminal=terminal), environment) is wanted


def test_a_closed_stream_is_no_terminal() -> None:
    """Asking it is no error."""
    stream = io.StringIO()
    stream.close()
    assert not is_wanted(stream, {"TERM": "xterm"})


def test_the_pulse_is_that_of_the_last_seconds(make_run: MakeRun) -> None:
    """What happened before does not count: 100/s, and 10 ms in the last two of ten seconds."""
    columns = make_run(requests=1000, rate=100.0).columns
    late = columns.due_s >= 8
    slow = replace(columns, done_s=np.where(late, columns.due_s + 0.010, columns.due_s + 0.001))
    seen = pulse(slow, 10.0)
    assert seen.rate == pytest.approx(100.0)
    assert seen.p50_s == pytest.approx(0.010)
    assert seen.failed == 0.0
    assert seen.lag_p99_s == pytest.approx(2e-5)


def test_requests_on_their_way_wait_and_do_not_fail(make_run: MakeRun) -> None:
    """Nobody knows yet what becomes of them."""
    columns = make_run(requests=1000, rate=100.0).columns
    on_way = np.arange(1000) >= 990
    cut = np.where(on_way, ERRORS.index("cut"), 0).astype(np.int8)
    seen = pulse(replace(columns, error=cut, success=~on_way, done_s=np.where(on_way, np.nan, columns.done_s)), 10.0)
    assert (seen.waiting, seen.failed) == (10, 0.0)


@pytest.mark.parametrize("now_s", [0.0, -1.0, 5.0])
def test_before_the_first_request_nothing_is_known(make_run: MakeRun, now_s: float) -> None:
    """And nothing is made up."""
    columns = make_run().columns
    empty = {name: getattr(columns, name)[:0] for name in Columns.__dataclass_fields__ if name != "extracted"}
    assert math.isnan(pulse(Columns(**empty), now_s).p99_s)


def test_looking_takes_no_more_than_its_share() -> None:
    """A look that cost 50 ms is followed by 5 s without one; a cheap one by the usual pause."""
    pace = Pace(every_s=0.4, share=0.01)
    assert pace.is_due(0.0)
    pace.looked(0.0, 0.05)
    assert not pace.is_due(4.9)
    assert pace.is_due(5.0)
    pace.looked(5.0, 0.0001)
    assert pace.is_due(5.4)


def shown(moment: Moment) -> str:
    """What a person reads."""
    console = Console(file=io.StringIO(), width=120)
    with console.capture() as capture:
        console.print(sheet(moment))
    return capture.get()


def verdict(outcome: Outcome) -> Verdict:
    """A p99 of 12 ms."""
    return Verdict(outcome, "p99 <= 50ms", 0.012, 0.0, 1.0, 0.05, "s", 500, 0.95, "So.")


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Outcome.GO, "✓ p99 <= 50ms  12 ms  holds so far"),
        (Outcome.NO_GO, "✗ p99 <= 50ms  12 ms  does not hold"),
        (Outcome.INCONCLUSIVE, "· p99 <= 50ms  12 ms  undecided"),
    ],
)
def test_criteria_say_where_they_stand(outcome: Outcome, words: str) -> None:
    """In a sign and in words, not in a colour alone."""
    assert words in shown(Moment("load", 5.0, 60.0, 500, Pulse(), (verdict(outcome),)))


@pytest.mark.parametrize(
    ("elapsed_s", "words"), [(-1.0, "warming up"), (5.0, "5 of 60 s"), (61.0, "waiting for the last answers")]
)
def test_the_time_is_told(elapsed_s: float, words: str) -> None:
    """Before, during and after the load."""
    assert words in shown(Moment("load", elapsed_s, 60.0, 500, Pulse()))


def test_figures_are_told_with_units() -> None:
    """One line; what is not known is a dash."""
    text = shown(Moment("load", 5.0, 60.0, 500, Pulse(99.96, 0.001, math.nan, 0.02, 2e-5, 3)))
    assert "rate 100/s  p50 1 ms  p99 -  failed 2 %  lag p99 20 µs  waiting 3" in text


def test_hostile_names_do_not_reach_the_terminal() -> None:
    """Escape sequences and markup are shown as text."""
    text = shown(Moment("\x1b]0;owned\x07[red]x", 5.0, 60.0, 500, Pulse()))
    assert "\x1b]0" not in text
    assert "[red]x" in text


def test_a_view_shows_and_goes(make_run: MakeRun) -> None:
    """While it is open the figures stand on the terminal; when it is left its thread is gone."""
    terminal, run = Terminal(), make_run(requests=500)
    judge = so_far([parse("p99 <= 50ms")], name="load", targets=("GET /",), rate=100.0, timeout_s=10.0)
    with LiveView(Load(run.columns), name="load", duration_s=60.0, stream=terminal, judge_so_far=judge):
        assert terminal.written.wait(PATIENCE_S)
    assert not [thread for thread in threading.enumerate() if thread.name == "gonogo-live-view"]


def test_a_view_that_breaks_does_not_touch_the_load() -> None:
    """A load that cannot be looked at is no reason for an exception in who drives it."""

    class Broken(Load):
        def __init__(self) -> None:
            self.looked = threading.Event()

        def progress(self) -> Progress:
            self.looked.set()
            raise RuntimeError("gone")

    broken = Broken()
    with LiveView(broken, name="load", duration_s=60.0, stream=Terminal()):
        assert broken.looked.wait(PATIENCE_S)


def test_ctrl_c_ends_the_view_and_passes_on() -> None:
    """Whoever drives the load keeps what was measured."""
    with pytest.raises(KeyboardInterrupt), LiveView(Load(None), name="load", duration_s=9.0, stream=Terminal()):  # type: ignore[arg-type] # never looked at
        raise KeyboardInterrupt
    assert not [thread for thread in threading.enumerate() if thread.name == "gonogo-live-view"]


def test_criteria_are_judged_on_what_is_known(make_run: MakeRun) -> None:
    """With the judge of the run's end."""
    judged = so_far([parse("p99 <= 50ms")], name="load", targets=("GET /",), rate=100.0, timeout_s=10.0)
    assert [one.outcome for one in judged(make_run(requests=3000).columns)] == [Outcome.GO]


def _looks(columns: Columns, *, whole: bool) -> list[Pulse]:
    """Return the pulse at every half second, of all rows or only of those that still matter."""
    since_s, found = 0.0, []
    for now_s in np.arange(0.5, 10.0, 0.5):
        due = columns.where(columns.due_s < now_s)
        on_its_way = ~(due.done_s < now_s)
        known = replace(
            due,
            error=np.where(on_its_way, ERRORS.index("cut"), due.error).astype(np.int8),
            done_s=np.where(on_its_way, np.nan, due.done_s),
        )
        seen = known if whole else known.where(known.due_s >= since_s)
        found.append(pulse(seen, float(now_s)))
        since_s = still_of_interest_s(seen, float(now_s), since_s)
    return found


def test_rows_that_are_left_out_change_no_figure(make_run: MakeRun) -> None:
    """A look at the last seconds alone shows what a look at all rows would, also while a request hangs."""
    columns = make_run(requests=1000).columns
    done_s = columns.done_s.copy()
    done_s[100:105] += 6.0
    slow = replace(columns, done_s=done_s)
    assert repr(_looks(slow, whole=False)) == repr(_looks(slow, whole=True))


def test_old_rows_are_let_go(make_run: MakeRun) -> None:
    """Once nothing hangs, a look begins where its window does."""
    columns = make_run(requests=1000).columns
    last_s = float(columns.due_s[-1])
    assert still_of_interest_s(columns, last_s, 0.0) >= last_s - 3.0
