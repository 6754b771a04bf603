"""From what became of each service to the answer. Nothing here waits, reads or writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gonogo_services.composition.backend import Backend, Policy
from gonogo_services.composition.outcome import Failure, Outcome
from gonogo_services.composition.parameters import Parameters

__all__ = ["Composed", "compose"]


@dataclass(frozen=True, slots=True)
class Composed:
    """An answer, or why there is none.

    Attributes:
        answer: 1 or 0 by service, and ``omitted`` with the names of those that are left out.
        defaulted: services whose 0 is the policy's.
        failed: why there is no answer, by service; empty when there is one.
    """

    answer: Mapping[str, int | list[str]]
    defaulted: tuple[str, ...]
    failed: Mapping[str, Failure]


def compose(outcomes: Mapping[str, Outcome], parameters: Parameters, backends: Mapping[str, Backend]) -> Composed:
    """Return 1 for every service whose probability is at least its threshold, else 0, and follow each one's policy.

    Args:
        outcomes: by name, of the services that were active when the request came.
        parameters: thresholds; a service that they have switched off since is left out whatever it said.
        backends: policies.
    """
    answer: dict[str, int | list[str]] = {}
    omitted: dict[str, Failure] = {}
    failed: dict[str, Failure] = {}
    defaulted = []
    for name, outcome in outcomes.items():
        switch, policy = parameters.switches[name], backends[name].policy
        if not switch.active:
            continue
        if not isinstance(outcome, Failure):
            answer[name] = int(outcome.probability >= switch.threshold)
        elif policy is Policy.DEFAULT:
            answer[name] = 0
            defaulted.append(name)
        elif policy is Policy.OMIT:
            omitted[name] = outcome
        else:
            failed[name] = outcome
    if omitted and not answer:
        failed |= omitted  # nothing is left to answer with
    if omitted:
        answer["omitted"] = list(omitted)
    return Composed(answer, tuple(defaulted), failed)
