"""What a run has to say about the weights that acted on it, as labels by which its split is judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gonogo.measures.arms import CHANGES, WEIGHTS
from gonogo.mesh.policy.action import Forward
from gonogo.mesh.policy.policy import Policy

__all__ = ["split_labels"]


def split_labels(policy: Policy, changed: Sequence[str] = ()) -> Mapping[str, str]:
    """Return the labels of a run under ``policy``; none where it splits no Service's requests, or several ways.

    Args:
        policy: at the end of the run.
        changed: what was changed during the run, as sentences.
    """
    splits = {
        ", ".join(f"{entry.destination.subset or entry.destination.host.name} {entry.weight}" for entry in action.to)
        for ruling in policy.rulings
        for route in ruling.routes or ()
        if isinstance(action := route.action, Forward) and len(action.to) > 1
    }
    if len(splits) != 1:
        return {}
    moved = sum(what.startswith("weights of ") for what in changed)
    return {WEIGHTS: splits.pop(), **({CHANGES: str(moved)} if moved else {})}
