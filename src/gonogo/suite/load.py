"""The load as a suite drives it: targets at a rate, criteria to require, a judged run in return."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TextIO, Unpack
from urllib.parse import urlsplit

from gonogo.errors import UsageError
from gonogo.gate.judgment import CriterionEntry, RunEntry
from gonogo.load import driver
from gonogo.load.certify import crowded
from gonogo.load.locust import driver as locust_driver
from gonogo.load.locust.plan import LocustPlan, LocustUser
from gonogo.load.plan import LoadPlan
from gonogo.load.target import Target
from gonogo.measures.sides import needs_capture
from gonogo.report.live.view import LiveView, so_far
from gonogo.runs.run import Run
from gonogo.runs.store import save
from gonogo.runs.summary import summarize
from gonogo.suite.early import EarlyStop
from gonogo.suite.exclusive import exclusive_load
from gonogo.suite.live import LiveLoad
from gonogo.suite.order import LoadOptions, Order, order
from gonogo.suite.origin import Origin, origin
from gonogo.suite.parity import Capture
from gonogo.suite.placement import Placement
from gonogo.suite.quiet import wait_until_quiet
from gonogo.suite.recorder import Recorder, RunPlace
from gonogo.suite.run import JudgedRun
from gonogo.suite.stack import Stack
from gonogo.suite.traffic import Traffic
from gonogo.suite.usage import UsageWatch
from gonogo.suite.users import order_users
from gonogo.suite.watchdog import Watchdog
from gonogo.suite.way import Way
from gonogo.suite.witness import Witness
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.verdict import Verdict

__all__ = ["Bench", "Load"]

Targets = Target | LocustUser | Iterable[Target]

Running = driver.RunningLoad | locust_driver.RunningUsers

_EARLY: Final = "stopped early: {}"


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
        load_wait_s: how long to wait for another load test on this machine.
        stop_when_decided: loads may end as soon as their criteria are decided.
        inside: loads are sent from within the stack.
    """

    placement: Placement
    short: bool
    remeasure: int
    allows: Callable[[str], bool]
    announce: Callable[[str], None]
    terminal: TextIO | None = None
    load_wait_s: float = 0.0
    stop_when_decided: bool = True
    inside: bool = False

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
        self._last = ""

    def __call__(self, *targets: Targets, **options: Unpack[LoadOptions]) -> JudgedRun:
        """Drive one load, wait for its end, and judge it.

        A run that turns out INVALID says nothing about the service: it is kept as an observation and measured again,
        as often as the settings say. Only the last is judged.

        Args:
            targets: what to send; several are mixed by their weights. Or one Locust user class.
            options: see :class:`gonogo.suite.order.LoadOptions`.

        Raises:
            UsageError: an option cannot be used; nothing was sent.
        """
        wanted = self._order(targets, options)
        if wanted.repeats == 1:
            return self._measured(wanted)
        self._bench.announce(f"{wanted.repeats} runs of {wanted.lines[0]}")
        judged = [self._measured(part) for part in wanted.runs()]
        runs = [one for each in judged for one in each.runs]
        together = JudgedRun(runs[-1], partial(self._record, runs[0].facts.name), repeats=runs)
        if wanted.criteria:
            together.require(*wanted.criteria)
        return together

    def _measured(self, wanted: Order) -> JudgedRun:
        """Drive one load, once more when it is INVALID."""
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

        Takes what a call takes, but for ``repeats``. The block gets a :class:`LiveLoad`; after it, ``live.run`` is the
        judged run. It ends early only where ``stop_when_decided=True`` asks for it: what the block does to the stack
        shall be seen.
        """
        wanted = self._order(targets, options, stop_when_decided=False)
        if wanted.repeats > 1:
            raise UsageError("repeats of a load that is acted on", mend="leave repeats= out, or use load(…)")
        with self._driving(wanted, again=False) as live:
            yield live

    @contextmanager
    def watching(self, capture: Capture, *rules: str | Criterion) -> Iterator[Watchdog]:
        """Watch a shadow while the loads in the ``with`` block go on; a rule that it breaks stops the mirroring.

        The verdict on each rule is written into the judgment when the block ends.

        Args:
            capture: ``stack.capture(…)`` of the Service that is mirrored.
            rules: criteria on the shadow, such as ``shadow.success >= 99%`` and ``parity.agreement >= 95%``.

        Raises:
            UsageError: a rule speaks of something that captures do not tell.
        """
        watchdog = Watchdog(capture, self._traffic_rules(), rules)
        with watchdog:
            yield watchdog
        self._record(self._last, watchdog.verdicts)

    def _traffic_rules(self) -> Traffic:
        if self._stack is None:
            raise UsageError(
                "there is no stack whose traffic could be changed", mend='mark the test: stack("manifests/…")'
            )
        return self._stack.traffic

    def _order(self, targets: Sequence[Targets], options: LoadOptions, *, stop_when_decided: bool = True) -> Order:
        users = [one for one in targets if isinstance(one, LocustUser)]
        if users:
            return self._users(users[0], len(targets), options)
        wanted = order(
            self._resolved(targets),
            options,
            name=self._test.rpartition("::")[2],
            short=self._bench.short,
            cores=self._bench.placement.generator,
            stop_when_decided=stop_when_decided and self._bench.stop_when_decided,
        )
        for criterion in wanted.criteria:
            if not needs_capture(criterion.measure):
                continue
            if self._way is None:
                raise UsageError(
                    f"{criterion} speaks of answers that nothing captures",
                    where=wanted.plan.name,
                    mend='capture the Service before the load: stack.capture("NAME")',
                )
            if self._bench.inside:
                raise UsageError(
                    f"{criterion} speaks of captured answers, and load from inside of the stack goes past captures",
                    where=wanted.plan.name,
                    mend="send it from this machine: --gonogo-generator here",
                )
            self._way.check(criterion, self._asked(wanted))
        return wanted

    def _users(self, user: LocustUser, given: int, options: LoadOptions) -> Order:
        if self._bench.inside:
            raise UsageError(
                "Locust users run on this machine only",
                where=user.source,
                mend="use --gonogo-generator here",
            )
        if given > 1:
            raise UsageError("Locust users beside other targets", where=user.source, mend="give each a load of its own")
        name, cores = self._test.rpartition("::")[2], self._bench.placement.generator
        wanted = order_users(user, options, name=name, stack=self._stack, cores=cores)
        host = urlsplit(user.host)
        if user.host and f"{host.hostname}:{host.port or 80}" not in getattr(wanted.plan, "addresses", {}):
            self._bench.check_host(host.hostname or "", user.source)
        return wanted

    @contextmanager
    def _driving(self, wanted: Order, *, again: bool) -> Iterator[LiveLoad]:
        """Drive one load; ``again``: when it is INVALID, another will be judged in its place."""
        with exclusive_load(wait_s=self._bench.load_wait_s, announce=self._bench.announce):
            place = self._recorder.place(wanted.plan.name)
            sent = self._origin
            notes = [
                _closed_loop(wanted.plan),
                "" if sent.inside else self._bench.placement.note,
                wait_until_quiet(self._stack.running) if self._stack else "",
            ]
            self._bench.announce("\n  ".join([f"{place.name}: {wanted.lines[0]}", *wanted.lines[1:]]))
            watch = UsageWatch(self._stack.running if self._stack else None)
            witness = Witness(self._stack, wanted.plan.targets)
            self._last = place.name
            if self._way is not None:
                self._way.begin(self._asked(wanted))
            started, whence = _started(wanted.plan, place, sent)
            notes.append(whence)
            with started as running:
                live = LiveLoad(running)
                early = _early_stop(running, wanted)
                try:
                    with (
                        watch.following(lambda: running.progress().elapsed_s),
                        early or nullcontext(),
                        self._shown(running, wanted, place.name, early),
                    ):
                        try:
                            yield live
                        except BaseException:
                            running.stop()
                            raise
                        finally:
                            running.wait()
                finally:
                    live.run = self._keep(
                        running.wait(), wanted, place, watch, notes, witness=witness, early=early, again=again
                    )
                    if running.interrupted:
                        raise KeyboardInterrupt
                live.close()

    def _asked(self, wanted: Order) -> tuple[str, ...]:
        """The Service of the stack that each target asks; empty for another host."""
        return tuple(self._stack.aim.asked(target) if self._stack else "" for target in wanted.plan.targets)

    @property
    def _origin(self) -> Origin:
        """Where loads are sent from."""
        return origin(self._stack, inside=self._bench.inside)

    @property
    def _way(self) -> Way | None:
        """What stands between the sidecar and the replicas."""
        return self._stack.sidecar.way if self._stack is not None and self._stack.sidecar is not None else None

    def _shown(
        self, running: Running, wanted: Order, name: str, early: EarlyStop | None
    ) -> AbstractContextManager[object]:
        """The live view of the load, where there is somebody to see it."""
        if self._bench.terminal is None:
            return nullcontext()
        plan = wanted.plan
        targets = tuple(target.name for target in plan.targets)
        rate = plan.rate if isinstance(plan.rate, float) else None
        known = [one for one in wanted.criteria if not needs_capture(one.measure)]
        judge = so_far(
            known, name=name, targets=targets, rate=rate, timeout_s=plan.timeout_s, anytime=early is not None
        )
        return LiveView(
            running,
            name=name,
            duration_s=plan.duration_s,
            stream=self._bench.terminal,
            judge_so_far=judge if known else None,
        )

    def _keep(
        self,
        run: Run,
        wanted: Order,
        place: RunPlace,
        watch: UsageWatch,
        notes: Sequence[str],
        *,
        witness: Witness,
        early: EarlyStop | None,
        again: bool,
    ) -> JudgedRun:
        """Write the run down, rows and all, before anything is said about it."""
        if early is not None:
            run = early.told(run)
        run = witness.told(run)
        way = self._way
        if way is not None:
            run = way.told(run, place)
        save(run, place.folder)
        criteria = wanted.criteria
        if again and not run.facts.valid and not run.facts.cut_short:
            criteria = ()
            notes = [*notes, f"INVALID and measured again: {run.facts.invalid_reason}"]
        if isinstance(wanted.plan, LoadPlan) and wanted.plan.rate is not None and run.facts.valid:
            notes = [*notes, crowded(run.columns, wanted.plan.connections)]
        self._recorder.run(
            RunEntry(
                name=place.name,
                test=self._test,
                folder=place.relative,
                summary=summarize(run),
                usage_over_time=watch.over_time(),
                usage=(*watch.usage(), *self._origin.usage(run), *witness.usage(), *(way.usage() if way else ())),
                observation=not criteria and not wanted.part,
                notes=tuple(
                    note
                    for note in (
                        wanted.part,
                        run.facts.stopped_early and _EARLY.format(run.facts.stopped_early),
                        *notes,
                        *witness.notes,
                        way.note() if way else "",
                    )
                    if note
                ),
            )
        )
        judged = JudgedRun(run, partial(self._record, place.name))
        if criteria and early is not None:
            judged.take(early.conclude(run))
        elif criteria:
            judged.require(*criteria)
        return judged

    def _record(self, run: str, verdicts: Sequence[Verdict]) -> None:
        self._recorder.criteria([CriterionEntry(self._test, run, verdict) for verdict in verdicts])

    def _resolved(self, given: Sequence[Targets]) -> tuple[Target, ...]:
        """The targets, aimed at the stack's replicas, and only where load may go."""
        flat = [
            one
            for some in given
            if not isinstance(some, LocustUser)
            for one in ((some,) if isinstance(some, Target) else some)
        ]
        aimed = [self._stack.aim.resolve(one) if self._stack and not one.endpoints else one for one in flat]
        for target in aimed:
            hosts = {host for host, _ in target.endpoints} or {urlsplit(target.url).hostname or ""}
            for host in sorted(hosts):
                if self._stack is None or not self._stack.aim.serves_at(host):
                    self._bench.check_host(host, target.name)
        self._origin.check(*aimed)
        return tuple(aimed)


def _started(plan: LoadPlan | LocustPlan, place: RunPlace, sent: Origin) -> tuple[Running, str]:
    """Start a load; return it, and a note on where it is sent from."""
    if isinstance(plan, LocustPlan):
        return locust_driver.start(replace(plan, name=place.name), place.folder), ""
    return sent.start(plan, place)


def _early_stop(running: Running, wanted: Order) -> EarlyStop | None:
    plan = wanted.plan
    return EarlyStop(running, plan, wanted.criteria) if wanted.may_stop and isinstance(plan, LoadPlan) else None


def _closed_loop(plan: LoadPlan | LocustPlan) -> str:
    """What a load by Locust users cannot tell; empty for others."""
    return locust_driver.WHAT_IT_CANNOT_TELL.format(users=plan.users) if isinstance(plan, LocustPlan) else ""
