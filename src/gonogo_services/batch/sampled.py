"""The judgment of a sample: does the job work, as fast and on such rows as it did when it was known to be right."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gonogo_services.batch.drift import Interval, bin_counts, share, stability_index
from gonogo_services.batch.reference import Reference
from gonogo_services.iris.flower import FEATURES, LABELS

__all__ = ["GO", "INCONCLUSIVE", "NO_GO", "Criterion", "Limits", "SampleJudgment", "judge_sample"]

GO: Final = "GO"
NO_GO: Final = "NO-GO"
INCONCLUSIVE: Final = "INCONCLUSIVE"
_WORST: Final = (NO_GO, INCONCLUSIVE, GO)


@dataclass(frozen=True, slots=True)
class Limits:
    """What is allowed: a share of rows that fail, and a population stability index."""

    failures: float
    drift: float


@dataclass(frozen=True, slots=True)
class Criterion:
    """One quantity of the sample against its limit."""

    name: str
    observed: Interval
    limit: float

    @property
    def verdict(self) -> str:
        """GO when the whole interval is within the limit, NO-GO when none of it is."""
        if self.observed.high <= self.limit:
            return GO
        return NO_GO if self.observed.low > self.limit else INCONCLUSIVE


@dataclass(frozen=True, slots=True)
class SampleJudgment:
    """The judgment.

    Attributes:
        rows: rows of the sample.
        classes: class to its share among the rows that were predicted.
        notes: what else there is to know, in sentences.
    """

    rows: int
    criteria: list[Criterion]
    classes: dict[str, Interval]
    notes: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """The worst of the criteria's; INCONCLUSIVE without a row."""
        verdicts = {criterion.verdict for criterion in self.criteria} if self.rows else {INCONCLUSIVE}
        return next(verdict for verdict in _WORST if verdict in verdicts)


def judge_sample(
    rows: NDArray[np.float64],
    classes: NDArray[np.int64],
    failed: int,
    limits: Limits,
    reference: Reference | None,
    model_sha256: str,
) -> SampleJudgment:
    """Return the judgment of predicted rows (N, 4), their classes' positions (N,), and ``failed`` further rows."""
    count = len(rows) + failed
    if not count:
        return SampleJudgment(0, [], {}, ["there was no row to sample"])
    criteria = [Criterion("failures", share(failed, count), limits.failures)]
    counts = [int(found) for found in np.bincount(classes, minlength=len(LABELS))]
    shares = {label: share(found, len(rows)) for label, found in zip(LABELS, counts, strict=True)} if len(rows) else {}
    notes: list[str] = []
    if reference is None:
        notes.append("nothing to compare with: no reference was given, so drift was not judged")
    elif len(rows):
        for position, name in enumerate(FEATURES):
            histogram = reference.features[name]
            if histogram.edges:
                found = bin_counts(rows[:, position], histogram.edges)
                criteria.append(Criterion(f"drift of {name}", stability_index(histogram.counts, found), limits.drift))
        expected = [reference.classes[label] for label in LABELS]
        criteria.append(Criterion("drift of predictions", stability_index(expected, counts), limits.drift))
        if reference.model_sha256 != model_sha256:
            notes.append("the reference was made with another model, so predictions may differ where inputs do not")
    return SampleJudgment(count, criteria, shares, notes)
