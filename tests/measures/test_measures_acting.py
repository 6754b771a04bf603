"""What a run has to say about the weights that acted on it."""

from __future__ import annotations

import pytest

from gonogo.manifests.host import Host
from gonogo.measures.acting import split_labels
from gonogo.mesh.policy.action import Forward
from gonogo.mesh.policy.destination import Destination, Weighted
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.policy.route import Route
from gonogo.mesh.policy.ruling import Ruling


def policy(*names: str, **weights: int) -> Policy:
    """Return a policy that splits the requests of each Service called ``names`` by ``weights``."""
    rulings = []
    for name in names:
        host = Host("shop", name)
        to = tuple(Weighted(Destination(host, subset=subset), weight) for subset, weight in weights.items())
        rulings.append(Ruling(host, routes=(Route(Forward(to)),)))
    return Policy(tuple(rulings))


def test_the_weights_of_a_split_are_kept() -> None:
    """As the brackets of a criterion write them."""
    assert split_labels(policy("iris", svc=60, rf=40)) == {"split": "svc 60, rf 40"}


def test_only_changed_weights_are_counted() -> None:
    """Another rule that changed says nothing about shares."""
    labels = split_labels(policy("iris", svc=60, rf=40), ["weights of iris: svc 50, rf 50", "iris is not mirrored"])
    assert labels["split_changes"] == "1"


@pytest.mark.parametrize("acting", [policy("iris", svc=100), policy()], ids=["one destination", "no rule"])
def test_what_splits_nothing_says_nothing(acting: Policy) -> None:
    """A single destination has no weight to be held against."""
    assert split_labels(acting) == {}


def test_several_different_splits_say_nothing() -> None:
    """Nobody knows which of them a column is about."""
    both = policy("iris", svc=60, rf=40).rulings + policy("plant", a=50, b=50).rulings
    assert split_labels(Policy(both)) == {}
