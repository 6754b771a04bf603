"""What is different from an earlier judgment: verdict, criteria, and what was judged."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final

from gonogo.gate.claim import criterion_of
from gonogo.gate.judgment import Change, CriterionChange, CriterionEntry, Judgment
from gonogo.gate.order import worst_first
from gonogo.verdicts.criterion import Comparison
from gonogo.verdicts.verdict import Outcome

__all__ = ["change_since", "grade", "latest"]

_FACTS: Final = ("service", "image", "images", "model", "commit", "platform", "profile", "manifests")
"""What was judged, and where: the facts of a judgment's provenance that explain why it may differ from another."""

_SEVERITY: Final = {None: 0, Outcome.GO: 0, Outcome.INCONCLUSIVE: 1, Outcome.NO_GO: 2}

_Key = tuple[str, str]


def latest(scope: str, candidates: Iterable[tuple[str, Judgment]]) -> tuple[str, Judgment] | None:
    """Return the newest of ``candidates`` (names and judgments) that came to its end and is of ``scope``.

    Newest by the time at which its session started; where that is unknown, by its name.
    """
    fit = [(name, one) for name, one in candidates if one.complete and one.scope == scope]
    return max(fit, key=lambda pair: (str(pair[1].provenance.get("started_at", "")), pair[0]), default=None)


def change_since(name: str, earlier: Judgment, now: Judgment) -> Change:
    """Return what is different in ``now`` from ``earlier``, which is kept under ``name``.

    Where one of them judged a criterion of a test several times, its worst counts.
    """
    before, after = _worst(earlier), _worst(now)
    found = [_pair(before.get(key), after.get(key)) for key in dict.fromkeys((*after, *before))]
    kept = [one for one in found if one is not None]
    return Change(
        since=name,
        started_at=str(earlier.provenance.get("started_at") or ""),
        before=earlier.outcome,
        criteria=tuple(sorted(kept, key=_order)),
        same=len(found) - len(kept),
        facts=tuple(_differing(earlier.provenance, now.provenance)),
    )


def grade(change: CriterionChange) -> int:
    """Return how much worse a criterion has become: above 0 for worse, below 0 for better, 0 for neither."""
    if change.before is None or change.now is None:
        return _SEVERITY[change.now]
    step = _SEVERITY[change.now] - _SEVERITY[change.before]
    if step:
        return 2 * step
    criterion = criterion_of(change.expression)
    if criterion is None or not isinstance(criterion.claim, Comparison):
        return 0
    upwards = 1 if change.observed_now > change.observed_before else -1
    return upwards if criterion.claim.operator in ("<", "<=") else -upwards


def _order(change: CriterionChange) -> tuple[int, int]:
    """Worse comes before better, and better before what has only come or gone; the largest step first."""
    degree = grade(change)
    return (0 if degree > 0 else 1 if degree < 0 else 2), -abs(degree)


def _worst(judgment: Judgment) -> dict[_Key, CriterionEntry]:
    found: dict[_Key, CriterionEntry] = {}
    for entry in worst_first(judgment.criteria):
        found.setdefault((entry.test, entry.verdict.expression), entry)
    return found


def _pair(before: CriterionEntry | None, now: CriterionEntry | None) -> CriterionChange | None:
    """Return the change from ``before`` to ``now``; None when it is none that the data show."""
    if before and now and before.verdict.outcome is now.verdict.outcome and not _moved(before, now):
        return None
    some = now or before
    assert some is not None  # noqa: S101 - a key stands in one of the two
    return CriterionChange(
        test=some.test,
        expression=some.verdict.expression,
        unit=some.verdict.unit,
        before=before.verdict.outcome if before else None,
        now=now.verdict.outcome if now else None,
        observed_before=before.verdict.observed if before else math.nan,
        observed_now=now.verdict.observed if now else math.nan,
    )


def _moved(before: CriterionEntry, now: CriterionEntry) -> bool:
    """Whether the intervals have no value in common; the figures of two equal services nearly always overlap."""
    one, other = before.verdict, now.verdict
    if one.confidence >= 1 or other.confidence >= 1:
        return False
    return one.high < other.low or other.high < one.low


def _differing(before: Mapping[str, object], now: Mapping[str, object]) -> Iterable[str]:
    for fact in _FACTS:
        one, other = before.get(fact), now.get(fact)
        if one == other:
            continue
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            yield from (str(name) for name in {**other, **one} if one.get(name) != other.get(name))
        else:
            yield fact
