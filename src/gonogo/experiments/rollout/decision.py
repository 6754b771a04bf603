"""Deciding: from what is known of a step to what shall be done. Pure; who acts is elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from gonogo.experiments.rollout.plan import Step
from gonogo.units import format_duration
from gonogo.verdicts.verdict import Outcome, Verdict

__all__ = ["Action", "Decision", "Seen", "decide"]


class Action(StrEnum):
    """What shall be done. WAIT looks again; STEP goes on to the next weight, after the last one COMPLETE."""

    WAIT = "wait"
    STEP = "step"
    HOLD = "hold"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a step.

    Attributes:
        verdicts: on the criteria that are looked at; None while one is open.
        elapsed_s: since its weights act.
        trouble: why nothing can be concluded from what was measured; empty when something can.
    """

    verdicts: Sequence[Verdict | None]
    elapsed_s: float
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What shall be done, and why."""

    action: Action
    reason: str


def decide(step: Step, seen: Seen) -> Decision:
    """Return what shall be done at ``step``.

    Back at the first NO-GO, on at GO of every criterion and not before the step's shortest time, and neither where
    nothing is shown in its longest: then the weights stay as they are, which is INCONCLUSIVE.
    """
    against = [verdict for verdict in seen.verdicts if verdict is not None and verdict.outcome is Outcome.NO_GO]
    if against:
        return Decision(Action.ROLLBACK, f"{against[0].expression}: {against[0].reason}")
    if seen.trouble:
        return Decision(Action.HOLD, seen.trouble)
    undecided = [verdict for verdict in seen.verdicts if verdict is None or verdict.outcome is not Outcome.GO]
    if seen.elapsed_s < step.least_s:
        return Decision(Action.WAIT, f"the step lasts {format_duration(step.least_s)} at least")
    if not undecided:
        shown = "all criteria are shown" if seen.verdicts else "no criterion compares a model with itself"
        return Decision(Action.STEP, f"{shown} after {format_duration(seen.elapsed_s)}")
    if seen.elapsed_s >= step.most_s:
        after = format_duration(step.most_s)
        told = next((f": {verdict.expression}: {verdict.reason}" for verdict in undecided if verdict is not None), "")
        return Decision(Action.HOLD, f"{len(undecided)} of {len(seen.verdicts)} criteria undecided after {after}{told}")
    return Decision(Action.WAIT, f"{len(undecided)} of {len(seen.verdicts)} criteria undecided")
