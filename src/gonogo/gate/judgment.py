"""The judgment: everything that one session found out, as a value. The ledger makes it, reports show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gonogo.gate.cause import Cause
from gonogo.manifests.findings import Finding
from gonogo.verdicts.verdict import Outcome, Verdict

__all__ = ["CriterionEntry", "Judgment", "ReplicaUsage", "RunEntry", "TestEntry", "TestOutcome"]


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
    """

    test: str
    run: str
    verdict: Verdict
    offline: bool = False


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
class RunEntry:
    """One run in the judgment: its summary (the dict of summary.json) and where its rows are.

    Attributes:
        folder: folder of the run, relative to the judgment's folder: ``runs/<name>``.
        usage: of every replica of the stack while it ran.
        observation: it was declared without criteria, so it gates nothing.
        notes: the conditions under which it ran, such as cores that generator and services shared.
    """

    name: str
    test: str
    folder: str
    summary: Mapping[str, object]
    usage: tuple[ReplicaUsage, ...] = ()
    observation: bool = False
    notes: tuple[str, ...] = ()


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
