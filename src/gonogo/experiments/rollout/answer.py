"""The decision as an answer for other controllers: Argo Rollouts' web metric and Flagger's webhooks.

Argo Rollouts: a measurement that fulfils neither ``successCondition`` nor ``failureCondition`` is Inconclusive, and
pauses the rollout (https://argo-rollouts.readthedocs.io/en/stable/features/analysis/#inconclusive-runs). So the answer
is always 200 with the verdict in it.

Flagger: a hook answers with its status alone (https://docs.flagger.app/usage/webhooks). A ``confirm-…`` hook lets the
canary go on at 200 and pauses it otherwise; a ``rollback`` hook rolls it back at 200 and does nothing otherwise. Both
together have three outcomes. A ``rollout`` hook has two: what is not 200 counts as a failure, and enough of them roll
the canary back; it must not be asked for a decision that may be open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gonogo.verdicts.verdict import Outcome, Verdict, worst

__all__ = ["Answer", "answer"]

_WORDS: Final[Mapping[Outcome, str]] = {
    Outcome.GO: "step",
    Outcome.NO_GO: "rollback",
    Outcome.INCONCLUSIVE: "hold",
}
_OK: Final = 200
_NOT_YET: Final = 403
_UNKNOWN: Final = 404


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP status and a JSON body."""

    status: int
    body: Mapping[str, object]


def answer(path: str, verdicts: Sequence[Verdict], *, trouble: str = "") -> Answer:
    """Return what a controller that asks at ``path`` is told.

    Args:
        path: ``/decision``, ``/flagger/confirm`` or ``/flagger/rollback``.
        verdicts: on all criteria.
        trouble: why nothing could be judged: INCONCLUSIVE.
    """
    outcome = Outcome.INCONCLUSIVE if trouble else worst(verdict.outcome for verdict in verdicts)
    told = [{"expression": one.expression, "verdict": str(one.outcome), "reason": one.reason} for one in verdicts]
    body: dict[str, object] = {"verdict": str(outcome), "decision": _WORDS[outcome], "criteria": told}
    if trouble:
        body["reason"] = trouble
    if path == "/decision":
        return Answer(_OK, body)
    if path == "/flagger/confirm":
        return Answer(_OK if outcome is Outcome.GO else _NOT_YET, body)
    if path == "/flagger/rollback":
        return Answer(_OK if outcome is Outcome.NO_GO else _NOT_YET, body)
    return Answer(_UNKNOWN, {"reason": "ask /decision, /flagger/confirm or /flagger/rollback"})
