"""The load as a suite drives it: targets at a rate, criteria to require, a judged run in return."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from gonogo.errors import UsageError
from gonogo.gate.judgment import CriterionEntry, RunEntry
from gonogo.load import driver
from gonogo.load.plan import LoadPlan
from gonogo.load.target import Target
from gonogo.runs.run import Run
from gonogo.runs.store import save
from gonogo.runs.summary import summarize
from gonogo.suite.exclusive import exclusive_load
from gonogo.suite.extent import extent
from gonogo.suite.live import LiveLoad
from gonogo.suite.placement import Placement
from gonogo.suite.quiet import wait_until_quiet
from gonogo.suite.recorder import Recorder, RunPlace
from gonogo.suite.run import JudgedRun
from gonogo.suite.stack import Stack
from gonogo.suite.usage import UsageWatch
from gonogo.units import parse_duration, parse_rate
from gonogo.verdicts.criterion import Between, Criterion
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.verdict import Verdict

__all__ = ["Bench", "Load", "tightest_limit_s"]


@dataclass(frozen=True, slots=True)
class Bench:
    """What the loads of a session may use.

    Attributes:
        placement: CPUs of the generator.
        short: the ``ci`` profile.
        allows: whether load may be sent to a host.
        announce: prints one line for the person who waits.
    """

    placement: Placement
    short: bool
    allows: Callable[[str], bool]
    announce: Callable[[str], None]

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


Targets = Target | Iterable[Target]


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

    def __call__(
        self,
        *targets: Targets,
        rate: float | str | None = None,
        duration: float | str | None = None,
        warmup: float | str = 0.0,
        require: str | Sequence[str] = (),
        timeout: float | str = 10.0,
        connections: int = 256,
        arrivals: str = "constant",
        seed: int = 0,
        name: str = "",
    ) -> JudgedRun:
        """Drive one load, wait for its end, and judge it.

        Args:
            targets: what to send; several are mixed by their weights.
            rate: requests per second; ``"max"``: closed loop, as fast as answers come.
            duration: seconds or text such as ``"60s"``, without the warm-up; None: as long as the criteria need.
            warmup: load before it that no measure counts.
            require: the criteria, such as ``"p99 <= 50ms"``; all are judged, none hides behind another.
            timeout: a request without a complete answer so long after its due time has failed.
            connections: the most connections open at once.
            arrivals: ``constant`` or ``poisson``.
            seed: of arrivals and of the order of targets.
            name: of the run in the judgment; the test's name by default.

        Raises:
            UsageError: an argument cannot be used; nothing was sent.
        """
        with self.running(
            *targets,
            rate=rate,
            duration=duration,
            warmup=warmup,
            require=require,
            timeout=timeout,
            connections=connections,
            arrivals=arrivals,
            seed=seed,
            name=name,
        ) as live:
            pass
        return live.run

    @contextmanager
    def running(
        self,
        *targets: Targets,
        rate: float | str | None = None,
        duration: float | str | None = None,
        warmup: float | str = 0.0,
        require: str | Sequence[str] = (),
        timeout: float | str = 10.0,
        connections: int = 256,
        arrivals: str = "constant",
        seed: int = 0,
        name: str = "",
    ) -> Iterator[LiveLoad]:
        """Drive one load while the ``with`` block acts on the stack; leaving the block waits for the load's end.

        Takes what a call takes. The block gets a :class:`LiveLoad`; after it, ``live.run`` is the judged run.
        """
        mixed = self._resolved(targets)
        criteria = tuple(parse(text) for text in ((require,) if isinstance(require, str) else require))
        per_second = _rate(rate)
        declared_s = None if duration is None else parse_duration(duration)
        length = extent(declared_s, per_second, criteria, mixed, short=self._bench.short)
        place = self._recorder.place(name or self._test.rpartition("::")[2])
        plan = LoadPlan(
            name=place.name,
            targets=mixed,
            rate=per_second,
            duration_s=length.duration_s,
            warmup_s=parse_duration(warmup),
            timeout_s=parse_duration(timeout),
            connections=connections,
            seed=seed,
            arrivals=arrivals,
            tightest_limit_s=tightest_limit_s(criteria),
            cores=self._bench.placement.generator,
        )
        with exclusive_load():
            notes = [self._bench.placement.note, wait_until_quiet(self._stack.running) if self._stack else ""]
            self._bench.announce("\n  ".join([f"{place.name}: {length.lines[0]}", *length.lines[1:]]))
            watch = UsageWatch(self._stack.running if self._stack else None)
            with driver.start(plan, place.folder) as running:
                live = LiveLoad(running)
                try:
                    yield live
                except BaseException:
                    running.stop()
                    raise
                finally:
                    live.run = self._keep(running.wait(), place, watch, notes, criteria)
                    if running.interrupted:
                        raise KeyboardInterrupt
                live.close()

    def _keep(
        self, run: Run, place: RunPlace, watch: UsageWatch, notes: Sequence[str], criteria: Sequence[Criterion]
    ) -> JudgedRun:
        """Write the run down, rows and all, before anything is said about it."""
        save(run, place.folder)
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


def _rate(given: float | str | None) -> float | None:
    if given is None:
        raise UsageError("a load without a rate", mend='give rate=100, or rate="max" for a closed loop')
    return None if given == "max" else parse_rate(given)


def tightest_limit_s(criteria: Sequence[Criterion]) -> float | None:
    """The smallest latency limit among ``criteria`` in seconds, which the generator's own lateness is held against."""
    limits = [
        claim.low if isinstance(claim := criterion.claim, Between) else claim.limit
        for criterion in criteria
        if criterion.unit == "s"
    ]
    return min((limit for limit in limits if limit > 0), default=None)
