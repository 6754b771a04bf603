"""The load as a suite drives it: targets at a rate, criteria to require, a judged run in return."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import TextIO, Unpack
from urllib.parse import urlsplit

from gonogo.errors import UsageError
from gonogo.gate.judgment import CriterionEntry, RunEntry
from gonogo.load import driver
from gonogo.load.target import Target
from gonogo.report.live.view import LiveView, so_far
from gonogo.runs.run import Run
from gonogo.runs.store import save
from gonogo.runs.summary import summarize
from gonogo.suite.exclusive import exclusive_load
from gonogo.suite.live import LiveLoad
from gonogo.suite.order import LoadOptions, Order, order
from gonogo.suite.placement import Placement
from gonogo.suite.quiet import wait_until_quiet
from gonogo.suite.recorder import Recorder, RunPlace
from gonogo.suite.run import JudgedRun
from gonogo.suite.stack import Stack
from gonogo.suite.usage import UsageWatch
from gonogo.verdicts.verdict import Verdict

__all__ = ["Bench", "Load"]

Targets = Target | Iterable[Target]


@dataclass(frozen=True, slots=True)
class Bench:
    """What the loads of a session may use.

    Attributes:
        placement: CPUs of the generator.
        short: the ``ci`` profile.
        remeasure: how often a run that the generator spoilt is measured again.
        allows: whether load may be sent to a host.
        announce: prints a line for the person who waits.
        terminal: where the load is shown while it goes on; None: nowhere.
    """

    placement: Placement
    short: bool
    remeasure: int
    allows: Callable[[str], bool]
    announce: Callable[[str], None]
    terminal: TextIO | None = None

    def check_host(self, host: str, target: str) -> None:
        """Refuse to load a host that is neither loopback nor allowed.

        Raises:
            UsageError: it is not.
        """
        if not self.allows(host):
            raise UsageError(
                f"load may not be sent to {host}",
                where=target,
                mend=f'if it is yours to load, allow it: [tool.gonogo] allow_hosts = ["{host}"]',
            )


class Load:
    """Drives load and judges it; the ``load`` fixture is one, bound to its test.

    Args:
        bench: what the session may use.
        recorder: where runs and criteria are written down.
        test: node id of the test.
        stack: the stack under load, when the test has one.
    """

    def __init__(self, bench: Bench, recorder: Recorder, test: str, stack: Stack | None) -> None:
        self._bench = bench
        self._recorder = recorder
        self._test = test
        self._stack = stack

    def __call__(self, *targets: Targets, **options: Unpack[LoadOptions]) -> JudgedRun:
        """Drive one load, wait for its end, and judge it.

        A run that turns out INVALID says nothing about the service: it is kept as an observation and measured again,
        as often as the settings say. Only the last is judged.

        Args:
            targets: what to send; several are mixed by their weights.
            options: see :class:`gonogo.suite.order.LoadOptions`.

        Raises:
            UsageError: an option cannot be used; nothing was sent.
        """
        wanted = self._order(targets, options)
        for left in range(self._bench.remeasure, -1, -1):
            with self._driving(wanted, again=left > 0) as live:
                pass
            if live.run.facts.valid or live.run.facts.cut_short or not left:
                break
            self._bench.announce(f"{live.run.name} is INVALID: {live.run.facts.invalid_reason}; measuring again")
        return live.run

    @contextmanager
    def running(self, *targets: Targets, **options: Unpack[LoadOptions]) -> Iterator[LiveLoad]:
        """Drive one load while the ``with`` block acts on the stack; leaving the block waits for the load's end.

        Takes what a call takes. The block gets a :class:`LiveLoad`; after it, ``live.run`` is the judged run.
        """
        with self._driving(self._order(targets, options), again=False) as live:
            yield live

    def _order(self, targets: Sequence[Targets], options: LoadOptions) -> Order:
        return order(
            self._resolved(targets),
            options,
            name=self._test.rpartition("::")[2],
            short=self._bench.short,
            cores=self._bench.placement.generator,
        )

    @contextmanager
    def _driving(self, wanted: Order, *, again: bool) -> Iterator[LiveLoad]:
        """Drive one load; ``again``: when it is INVALID, another will be judged in its place."""
        with exclusive_load():
            place = self._recorder.place(wanted.plan.name)
            notes = [self._bench.placement.note, wait_until_quiet(self._stack.running) if self._stack else ""]
            self._bench.announce("\n  ".join([f"{place.name}: {wanted.lines[0]}", *wanted.lines[1:]]))
            watch = UsageWatch(self._stack.running if self._stack else None)
            with driver.start(replace(wanted.plan, name=place.name), place.folder) as running:
                live = LiveLoad(running)
                try:
                    with self._shown(running, wanted, place.name):
                        try:
                            yield live
                        except BaseException:
                            running.stop()
                            raise
                        finally:
                            running.wait()
                finally:
                    live.run = self._keep(running.wait(), wanted, place, watch, notes, again=again)
                    if running.interrupted:
                        raise KeyboardInterrupt
                live.close()

    def _shown(self, running: driver.RunningLoad, wanted: Order, name: str) -> AbstractContextManager[object]:
        """The live view of the load, where there is somebody to see it."""
        if self._bench.terminal is None:
            return nullcontext()
        plan = wanted.plan
        targets = tuple(target.name for target in plan.targets)
        rate = plan.rate if isinstance(plan.rate, float) else None
        judge = so_far(wanted.criteria, name=name, targets=targets, rate=rate, timeout_s=plan.timeout_s)
        return LiveView(
            running,
            name=name,
            duration_s=plan.duration_s,
            stream=self._bench.terminal,
            judge_so_far=judge if wanted.criteria else None,
        )

    def _keep(
        self, run: Run, wanted: Order, place: RunPlace, watch: UsageWatch, notes: Sequence[str], *, again: bool
    ) -> JudgedRun:
        """Write the run down, rows and all, before anything is said about it."""
        save(run, place.folder)
        criteria = wanted.criteria
        if again and not run.facts.valid and not run.facts.cut_short:
            criteria = ()
            notes = [*notes, f"INVALID and measured again: {run.facts.invalid_reason}"]
        self._recorder.run(
            RunEntry(
                name=place.name,
                test=self._test,
                folder=place.relative,
                summary=summarize(run),
                usage=watch.usage(),
                observation=not criteria,
                notes=tuple(note for note in notes if note),
            )
        )
        judged = JudgedRun(run, partial(self._record, place.name))
        if criteria:
            judged.require(*criteria)
        return judged

    def _record(self, run: str, verdicts: Sequence[Verdict]) -> None:
        self._recorder.criteria([CriterionEntry(self._test, run, verdict) for verdict in verdicts])

    def _resolved(self, given: Sequence[Targets]) -> tuple[Target, ...]:
        """The targets, aimed at the stack's replicas, and only where load may go."""
        flat = [one for some in given for one in ((some,) if isinstance(some, Target) else some)]
        aimed = [self._stack.resolve(one) if self._stack and not one.endpoints else one for one in flat]
        for target in aimed:
            hosts = {host for host, _ in target.endpoints} or {urlsplit(target.url).hostname or ""}
            for host in sorted(hosts):
                if self._stack is None or not self._stack.serves_at(host):
                    self._bench.check_host(host, target.name)
        return tuple(aimed)
