"""What a suite asks of a load: its options, read into a plan and criteria before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, TypedDict

from gonogo.errors import UsageError
from gonogo.load.locust.plan import LocustPlan
from gonogo.load.plan import LoadPlan
from gonogo.load.profile import Profile, parse_load_rate
from gonogo.load.target import Target
from gonogo.suite.extent import LONGEST_UNASKED_S, decided_before_its_end, extent
from gonogo.units import parse_duration
from gonogo.verdicts.criterion import Between, Criterion
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.method import Method

__all__ = ["LoadOptions", "Order", "order", "required", "tightest_limit_s"]


FEWEST_REPEATS: Final = 5


class LoadOptions(TypedDict, total=False):
    """The options of a load. Durations are seconds, or text such as ``"60s"``.

    Attributes:
        rate: requests per second; ``"max"``: closed loop, as fast as answers come; a profile or its text, such as
            ``"100..1000"`` or ``"100 for 10s, 500 for 10s"``: ramps and steps.
        duration: of the measured load, without the warm-up; as long as the criteria need when it is not given.
        warmup: load before it that no measure counts; none by default.
        require: the criteria, as text such as ``"p99 <= 50ms"`` or as expressions such as ``latency.p99 <= 50 * ms``;
            all are judged, none hides behind another.
        timeout: a request without a complete answer so long after its due time has failed; 10 s by default.
        connections: the most connections open at once; 256 by default.
        arrivals: ``constant`` (default) or ``poisson``.
        seed: of arrivals and of the order of targets; 0 by default.
        engines: processes that share the load, for rates beyond what one core can send; 1 by default.
        workers: Pods that share the load where it is sent from within the stack, each with as many ``engines``; where
            it is sent from here, so many processes more. 1 by default.
        stop_when_decided: end as soon as the criteria are decided, in either direction; by default where that is
            possible, see docs/statistics.md. Loads of ``load.running`` end early only where this is asked for.
        repeats: so many runs one after the other, at least 5, judged together over how they differ; 1 by default.
        users: of a Locust user class, which has no rate: how many there are at once.
        spawn_rate: how many of them begin per second; all at once by default.
        name: of the run in the judgment; the test's name by default.
        decides: criteria that an experiment judges on parts of this run: the generator's lateness is held against
            their limits as it is against those of ``require``.
    """

    rate: float | str | Profile
    duration: float | str | None
    warmup: float | str
    require: str | Criterion | Sequence[str | Criterion]
    timeout: float | str
    connections: int
    arrivals: str
    seed: int
    engines: int
    workers: int
    stop_when_decided: bool
    repeats: int
    users: int
    spawn_rate: float
    name: str
    decides: Sequence[Criterion]


@dataclass(frozen=True, slots=True)
class Order:
    """A load that can be driven.

    Attributes:
        plan: what the engine shall do.
        criteria: what the run will be judged by; none: it is an observation.
        lines: what the person who waits is told beforehand.
        may_stop: it may end as soon as its criteria are decided.
        repeats: how many runs of it are judged together.
        part: which of several runs this is; empty for one that is judged alone.
    """

    plan: LoadPlan | LocustPlan
    criteria: tuple[Criterion, ...]
    lines: tuple[str, ...]
    may_stop: bool = False
    repeats: int = 1
    part: str = ""

    def runs(self) -> tuple[Order, ...]:
        """The orders of the runs that are judged together: each without criteria of its own."""
        return tuple(
            replace(self, criteria=(), lines=self.lines[:1], part=f"run {number} of {self.repeats}, judged together")
            for number in range(1, self.repeats + 1)
        )


def order(
    targets: tuple[Target, ...],
    options: LoadOptions,
    *,
    name: str,
    short: bool,
    cores: tuple[int, ...],
    stop_when_decided: bool = True,
) -> Order:
    """Read ``options`` for a load on ``targets``.

    Args:
        targets: what to send, aimed at addresses.
        options: as the suite gave them.
        name: of the run, where the options give none.
        short: the ``ci`` profile.
        cores: CPUs of the generator.
        stop_when_decided: where the options do not say.

    Raises:
        UsageError: an option cannot be used.
    """
    criteria = required(options)
    rate = _rate(options.get("rate"))
    declared = options.get("duration")
    declared_s = None if declared is None else parse_duration(declared)
    if isinstance(rate, Profile):
        declared_s = declared_s or rate.duration_s
        mean_rate: float | None = rate.requests(declared_s or LONGEST_UNASKED_S) / (declared_s or LONGEST_UNASKED_S)
    else:
        mean_rate = rate
    repeats = options.get("repeats", 1)
    if repeats != 1 and repeats < FEWEST_REPEATS:
        raise UsageError(
            f"{repeats} repeats",
            mend=f"have at least {FEWEST_REPEATS}: fewer say next to nothing about how runs differ",
        )
    stoppable = (
        repeats == 1
        and "decides" not in options
        and isinstance(rate, float)
        and options.get("stop_when_decided", stop_when_decided)
    )
    length = extent(
        declared_s,
        mean_rate,
        criteria,
        targets,
        short=short and not isinstance(rate, Profile),
        method=Method.ANYTIME if stoppable and decided_before_its_end(criteria, targets) else Method.FIXED,
    )
    timeout_s = parse_duration(options.get("timeout", 10.0))
    workers = options.get("workers", 1)
    plan = LoadPlan(
        name=options.get("name") or name,
        targets=targets,
        rate=rate,
        duration_s=length.duration_s,
        warmup_s=parse_duration(options.get("warmup", 0.0)),
        timeout_s=timeout_s,
        connections=options.get("connections", 256),
        arrivals=options.get("arrivals", "constant"),
        seed=options.get("seed", 0),
        engines=options.get("engines", 1) * workers,
        workers=workers,
        tightest_limit_s=tightest_limit_s((*criteria, *options.get("decides", ())), timeout_s),
        cores=cores,
    )
    return Order(plan, criteria, length.lines, may_stop=length.method is Method.ANYTIME, repeats=repeats)


def required(options: LoadOptions) -> tuple[Criterion, ...]:
    """The criteria that ``options`` require.

    Raises:
        GrammarError: one cannot be read.
    """
    given = options.get("require", ())
    every = (given,) if isinstance(given, str | Criterion) else given
    return tuple(parse(one) if isinstance(one, str) else one for one in every)


def tightest_limit_s(criteria: Sequence[Criterion], timeout_s: float) -> float | None:
    """The tightest limit in seconds that ``criteria`` set, which the generator's own lateness is held against.

    A criterion on shares, rates or counts says that answers come before the timeout, so that is its limit. None
    without criteria.
    """
    limits = [timeout_s for criterion in criteria if criterion.unit != "s"]
    for criterion in criteria:
        if criterion.unit == "s":
            claim = criterion.claim
            limits.append(claim.low or claim.high if isinstance(claim, Between) else claim.limit)
    return min((limit for limit in limits if limit > 0), default=None)


def _rate(given: float | str | Profile | None) -> float | Profile | None:
    if given is None:
        raise UsageError("a load without a rate", mend='give rate=100, or rate="max" for a closed loop')
    return parse_load_rate(given)
