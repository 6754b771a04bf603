"""judgment.json: the judgment as strict JSON, and back. docs/judgment.schema.json is made from the models here."""

from __future__ import annotations

import json
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from gonogo.gate.cause import Cause
from gonogo.gate.judgment import (
    Change,
    CriterionChange,
    CriterionEntry,
    Judgment,
    ReplicaSeries,
    ReplicaUsage,
    RunEntry,
    TestEntry,
    TestOutcome,
)
from gonogo.manifests.findings import Finding, Severity, Source
from gonogo.report.experiments import Experiment, experiment_of
from gonogo.report.portable import number, portable
from gonogo.verdicts.verdict import Outcome, Verdict

__all__ = ["SCHEMA", "Document", "dump_judgment", "judgment_of", "schema"]

SCHEMA: Final = "gonogo.judgment/1"


def _read_figure(value: object) -> object:
    if value is None or value in ("Infinity", "-Infinity"):
        return number(value)
    return value


Figure = Annotated[
    float,
    BeforeValidator(_read_figure),
    Field(strict=True),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"enum": ["Infinity", "-Infinity"]}, {"type": "null"}]}),
]


class _Model(BaseModel):
    # Fields that a later version adds do not stop an earlier one from reading the rest.
    model_config = ConfigDict(extra="ignore", frozen=True, use_attribute_docstrings=True)


class Criterion(_Model):
    """A criterion and its verdict. A figure is a number, "Infinity", "-Infinity", or null where it is unknown."""

    test: str
    """Node id of the gate test that it belongs to."""
    run: str
    """Name of the run that it was judged on; empty when there was none."""
    expression: str
    """The criterion in canonical text, such as p99 <= 50ms."""
    unit: str
    """Unit of observed, low, high and limit: s, share (0 to 1), /s or count."""
    observed: Figure
    """What was observed; "Infinity" for a latency that too few requests ever reached; null for nothing."""
    low: Figure
    """Lower end of the interval; "-Infinity" when it is open."""
    high: Figure
    """Upper end of the interval; "Infinity" when it is open."""
    limit: Figure
    n: int
    """Requests (or users, or blocks) that the verdict rests on."""
    confidence: float
    """One-sided confidence of low and high; 1 for facts that are compared exactly."""
    verdict: Outcome
    reason: str
    needed: int | None = None
    """Requests of the same kind that would decide it; null when it is decided or no number would."""
    p: float | None = None
    """Chance of data that speak so clearly against the criterion, or more, if it holds; null if it was not tested."""
    offline: bool = False
    """Judged on stored data, not on a service that answered."""
    acted: bool = False
    """An experiment acted on it while it ran; it is not weighed again among the criteria of the session."""


class Test(_Model):
    """A gate test and what became of it at its first attempt."""

    id: str
    title: str = ""
    outcome: TestOutcome
    cause: Cause = Cause.NONE
    """What stopped it; assertion and stack speak of the service, the others do not."""
    reason: str = ""
    duration_s: float = 0.0
    attempts: int = 1


class Usage(_Model):
    """What one replica used while a run went on."""

    replica: str
    cpu_s: float
    rss_max: int
    """Largest resident memory in bytes."""
    throttled_s: float | None = None
    restarts: int = 0
    limits: tuple[str, ...] = ()


class Series(_Model):
    """What one replica used over the time of a run, sample by sample."""

    replica: str
    t_s: tuple[float, ...]
    """When each sample was taken, seconds from the run's start."""
    cpu: tuple[float, ...]
    """Cores in use since the sample before."""
    rss: tuple[int, ...]
    """Resident bytes."""
    throttled: tuple[float, ...] = ()
    """Share of the time since the sample before in which the CPU limit held it back; empty where unknown."""
    cpu_limit: float | None = None
    """In cores."""
    rss_limit: int | None = None
    """In bytes."""


class Run(_Model):
    """A run; its rows are in requests.parquet in its folder."""

    name: str
    test: str
    folder: str
    """Relative to the folder of judgment.json."""
    summary: dict[str, object]
    """The same as the folder's summary.json."""
    usage: tuple[Usage, ...] = ()
    observation: bool = False
    """Declared without criteria, so it gates nothing."""
    notes: tuple[str, ...] = ()
    """The conditions under which it ran."""
    usage_over_time: tuple[Series, ...] = ()


class ManifestFinding(_Model):
    """What a checker says about a manifest."""

    rule: str
    severity: Severity
    file: str
    line: int
    object: str
    field: str
    consequence: str
    mend: str


class ChangedCriterion(_Model):
    """A criterion whose outcome changed, that is new or gone, or whose figure moved beyond its interval."""

    test: str
    expression: str
    unit: str
    before: Outcome | None
    """null where the earlier session did not judge it."""
    now: Outcome | None
    """null where this session did not judge it."""
    observed_before: Figure
    observed_now: Figure


class Difference(_Model):
    """What is different from the last kept judgment of the same scope."""

    since: str
    """Name of that judgment's folder."""
    started_at: str
    before: Outcome
    """Its verdict."""
    criteria: tuple[ChangedCriterion, ...] = ()
    """What got worse comes first."""
    same: int = 0
    """How many criteria stayed as they were."""
    facts: tuple[str, ...] = ()
    """Names of what was judged and is another now."""


class Document(_Model):
    """The judgment of one session."""

    schema_: Literal["gonogo.judgment/1"] = Field(alias="schema")
    verdict: Outcome
    reason: str
    """One plain sentence why."""
    complete: bool
    """False while the session runs, and for ever when it was cut short; the verdict is not GO then."""
    scope: str = ""
    criteria: tuple[Criterion, ...]
    """Worst first."""
    tests: tuple[Test, ...]
    runs: tuple[Run, ...]
    findings: tuple[ManifestFinding, ...]
    obstacles: tuple[str, ...] = ()
    """Whatever forbids GO beside criteria and failed tests."""
    not_tested: tuple[str, ...] = ()
    """What a reader might think was tested and was not."""
    provenance: dict[str, object]
    next_steps: tuple[str, ...] = ()
    """What to do next, the most urgent first."""
    change: Difference | None = None
    """Against the last kept judgment of the same scope; null when there is none."""
    experiments: tuple[Experiment, ...] = ()


def schema() -> dict[str, object]:
    """Return the JSON Schema of judgment.json (draft 2020-12)."""
    made = Document.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made, "title": "gonogo judgment, version 1"}


def dump_judgment(judgment: Judgment) -> str:
    """Return ``judgment`` as the text of judgment.json."""
    document = {
        "schema": SCHEMA,
        "verdict": judgment.outcome,
        "reason": judgment.reason,
        "complete": judgment.complete,
        "scope": judgment.scope,
        "criteria": [_criterion(entry) for entry in judgment.criteria],
        "tests": judgment.tests,
        "runs": judgment.runs,
        "findings": [_finding(finding) for finding in judgment.findings],
        "obstacles": judgment.obstacles,
        "not_tested": judgment.not_tested,
        "provenance": judgment.provenance,
        "next_steps": judgment.next_steps,
        "change": judgment.change,
        "experiments": judgment.experiments,
    }
    return json.dumps(portable(document), allow_nan=False, ensure_ascii=False, indent=2) + "\n"


def judgment_of(document: Document) -> Judgment:
    """Return the judgment that a document holds."""
    return Judgment(
        outcome=document.verdict,
        reason=document.reason,
        complete=document.complete,
        scope=document.scope,
        criteria=tuple(_criterion_entry(entry) for entry in document.criteria),
        tests=tuple(TestEntry(**dict(entry)) for entry in document.tests),
        runs=tuple(
            RunEntry(
                **{
                    **dict(entry),
                    "usage": tuple(ReplicaUsage(**dict(usage)) for usage in entry.usage),
                    "usage_over_time": tuple(ReplicaSeries(**dict(series)) for series in entry.usage_over_time),
                }
            )
            for entry in document.runs
        ),
        findings=tuple(
            Finding(
                rule=entry.rule,
                severity=entry.severity,
                source=Source(entry.file, entry.line),
                object=entry.object,
                field=entry.field,
                consequence=entry.consequence,
                mend=entry.mend,
            )
            for entry in document.findings
        ),
        obstacles=document.obstacles,
        not_tested=document.not_tested,
        provenance=document.provenance,
        next_steps=document.next_steps,
        change=_change(document.change) if document.change else None,
        experiments=tuple(experiment_of(entry) for entry in document.experiments),
    )


def _change(entry: Difference) -> Change:
    criteria = tuple(CriterionChange(**dict(changed)) for changed in entry.criteria)
    return Change(**{**dict(entry), "criteria": criteria})


def _criterion(entry: CriterionEntry) -> dict[str, object]:
    verdict = entry.verdict
    return {
        "test": entry.test,
        "run": entry.run,
        "expression": verdict.expression,
        "unit": verdict.unit,
        "observed": verdict.observed,
        "low": verdict.low,
        "high": verdict.high,
        "limit": verdict.limit,
        "n": verdict.n,
        "confidence": verdict.confidence,
        "verdict": verdict.outcome,
        "reason": verdict.reason,
        "needed": verdict.needed,
        "p": verdict.p,
        "offline": entry.offline,
        "acted": entry.acted,
    }


def _criterion_entry(entry: Criterion) -> CriterionEntry:
    verdict = Verdict(
        outcome=entry.verdict,
        expression=entry.expression,
        observed=entry.observed,
        low=entry.low,
        high=entry.high,
        limit=entry.limit,
        unit=entry.unit,
        n=entry.n,
        confidence=entry.confidence,
        reason=entry.reason,
        needed=entry.needed,
        p=entry.p,
    )
    return CriterionEntry(entry.test, entry.run, verdict, offline=entry.offline, acted=entry.acted)


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "file": finding.source.file,
        "line": finding.source.line,
        "object": finding.object,
        "field": finding.field,
        "consequence": finding.consequence,
        "mend": finding.mend,
    }
