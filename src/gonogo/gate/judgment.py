"""The judgment: everything that one session found out, as a value. The ledger makes it, reports show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gonogo.errors import UsageError
from gonogo.gate.cause import Cause
from gonogo.gate.experiment import ExperimentEntry
from gonogo.manifests.findings import Finding
from gonogo.verdicts.verdict import Outcome, Verdict

__all__ = [
    "Change",
    "CriterionChange",
    "CriterionEntry",
    "Judgment",
    "ReplicaSeries",
    "ReplicaUsage",
    "RunEntry",
    "TestEntry",
    "TestOutcome",
]


class TestOutcome(StrEnum):
    """What became of a gate test. Only ``passed`` allows GO."""

    __test__ = False

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"
    XFAILED = "xfailed"
    DESELECTED = "deselected"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class CriterionEntry:
    """One criterion as judged: which test and run it belongs to, and its verdict.

    Attributes:
        offline: it was judged on stored data, not on a service that answered.
        acted: an experiment acted on it while it ran, by bounds that hold at every look: it is not weighed again
            among the criteria of the session.
    """

    test: str
    run: str
    verdict: Verdict
    offline: bool = False
    acted: bool = False


@dataclass(frozen=True, slots=True)
class TestEntry:
    """One gate test: what became of it at its first attempt.

    Attributes:
        id: its node id.
        reason: the first line of why, when it did not pass.
        title: what it shows, in words.
        cause: what stopped it; decides whether a failure is the service's.
        attempts: how often it was run; only the first attempt counts.
    """

    __test__ = False

    id: str
    outcome: TestOutcome
    reason: str = ""
    duration_s: float = 0.0
    title: str = ""
    cause: Cause = Cause.NONE
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class ReplicaUsage:
    """What one replica used while a run went on.

    Attributes:
        replica: ``namespace/workload/ordinal``.
        cpu_s: CPU seconds; over the run's seconds they are the mean cores.
        rss_max: largest resident memory in bytes, all processes of the replica.
        throttled_s: seconds in which its CPU limit held it back; None where the platform cannot tell.
        restarts: containers started again.
        limits: what was declared and how it was held, such as ``cpu 0.5 cores: enforced``.
    """

    replica: str
    cpu_s: float
    rss_max: int
    throttled_s: float | None = None
    restarts: int = 0
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplicaSeries:
    """What one replica used over the time of a run: a point for each sample after the first.

    Attributes:
        replica: ``namespace/workload/ordinal``.
        t_s: when each sample was taken, seconds from the run's start.
        cpu: cores in use since the sample before.
        rss: resident bytes at the sample.
        throttled: share of the time since the sample before in which its CPU limit held it back; empty where the
            platform cannot tell.
        cpu_limit: its CPU limit in cores; None without one.
        rss_limit: its memory limit in bytes; None without one.
    """

    replica: str
    t_s: tuple[float, ...]
    cpu: tuple[float, ...]
    rss: tuple[int, ...]
    throttled: tuple[float, ...] = ()
    cpu_limit: float | None = None
    rss_limit: int | None = None

    def __post_init__(self) -> None:
        lengths = {len(self.t_s), len(self.cpu), len(self.rss), len(self.throttled or self.t_s)}
        if len(lengths) > 1:
            raise UsageError("series of a replica differ in length", where=self.replica, mend="give a value a sample")


@dataclass(frozen=True, slots=True)
class RunEntry:
    """One run in the judgment: its summary (the dict of summary.json) and where its rows are.

    Attributes:
        folder: folder of the run, relative to the judgment's folder: ``runs/<name>``.
        usage: of every replica of the stack while it ran.
        observation: it was declared without criteria, so it gates nothing.
        notes: the conditions under which it ran, such as cores that generator and services shared.
        usage_over_time: of every replica that was sampled while it ran.
    """

    name: str
    test: str
    folder: str
    summary: Mapping[str, object]
    usage: tuple[ReplicaUsage, ...] = ()
    observation: bool = False
    notes: tuple[str, ...] = ()
    usage_over_time: tuple[ReplicaSeries, ...] = ()


@dataclass(frozen=True, slots=True)
class CriterionChange:
    """One criterion then and now; an outcome is None, and the figure NaN, where it was not judged.

    Attributes:
        unit: of the figures: ``s``, ``share``, ``/s`` or ``count``.
    """

    test: str
    expression: str
    unit: str
    before: Outcome | None
    now: Outcome | None
    observed_before: float
    observed_now: float


@dataclass(frozen=True, slots=True)
class Change:
    """What is different from the last kept judgment of the same scope.

    Attributes:
        since: name of that judgment's folder.
        started_at: when its session started, as it says itself; empty when it does not.
        before: its verdict.
        criteria: those whose outcome changed, that are new or gone, or whose figure moved beyond its interval; what
            got worse first.
        same: how many criteria stayed as they were.
        facts: names of what was judged and is another now: ``commit``, ``model``, a manifest.
    """

    since: str
    started_at: str
    before: Outcome
    criteria: tuple[CriterionChange, ...] = ()
    same: int = 0
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgment:
    """The session's whole document.

    Attributes:
        outcome: the session's verdict.
        reason: one plain sentence why.
        complete: False while the session runs, and for ever when it died.
        scope: what was selected (``-m loadtest``, paths, profile, platform), as one line.
        obstacles: whatever forbids GO beside criteria: skipped tests, gates that did not run, findings.
        not_tested: what a reader might think was tested and was not (platform gaps, limits not enforced).
        provenance: when, where, versions, commit, image and model hashes, settings without secrets.
        next_steps: what to do next, the most urgent first, one sentence each.
        change: against the last kept judgment of the same scope; None when there is none.
        experiments: searches for capacity, rollouts and the like, in order.
    """

    outcome: Outcome
    reason: str
    complete: bool
    scope: str = ""
    criteria: tuple[CriterionEntry, ...] = ()
    tests: tuple[TestEntry, ...] = ()
    runs: tuple[RunEntry, ...] = ()
    findings: tuple[Finding, ...] = ()
    obstacles: tuple[str, ...] = ()
    not_tested: tuple[str, ...] = ()
    provenance: Mapping[str, object] = field(default_factory=dict)
    next_steps: tuple[str, ...] = ()
    change: Change | None = None
    experiments: tuple[ExperimentEntry, ...] = ()
