"""Destinations of requests and of their copies."""

from gonogo.capture.routed import destinations, labels_of
from gonogo.manifests.host import Host
from gonogo.mesh.policy.action import Answer, Forward
from gonogo.mesh.policy.destination import Destination, Mirror, Weighted
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.policy.route import Route
from gonogo.mesh.policy.ruling import Ruling, Subset

IRIS = Host("shadow-ab", "iris")
SVC, RF = Destination(IRIS, subset="svc"), Destination(IRIS, subset="rf")


def policy(forward: Forward) -> Policy:
    """Return rules with this route and one that answers at once."""
    subsets = (Subset("svc", {"version": "svc"}), Subset("rf", {"version": "rf"}))
    return Policy((Ruling(IRIS, subsets=subsets, routes=(Route(Answer(404)), Route(forward))),))


def test_requests_and_copies_are_told_apart() -> None:
    """A mirror is no destination of clients."""
    rules = policy(Forward((Weighted(SVC),), mirrors=(Mirror(RF),)))
    assert destinations(rules, IRIS, mirrors=False) == (SVC,)
    assert destinations(rules, IRIS, mirrors=True) == (RF,)
    assert destinations(rules, IRIS) == (SVC, RF)


def test_what_gets_nothing_is_no_destination() -> None:
    """Weights of 0 and mirrors of 0 % lead nowhere."""
    rules = policy(Forward((Weighted(SVC, 100), Weighted(RF, 0)), mirrors=(Mirror(RF, 0.0),)))
    assert destinations(rules, IRIS) == (SVC,)


def test_the_main_destination_has_the_most_weight() -> None:
    """A leak of five in a hundred does not make the shadow a current model."""
    rules = policy(Forward((Weighted(RF, 5), Weighted(SVC, 95)), mirrors=(Mirror(RF),)))
    assert destinations(rules, IRIS, mirrors=False, primary=True) == (SVC,)


def test_a_subset_that_nobody_declares_selects_nothing() -> None:
    """Its labels are those of no Pod."""
    rules = policy(Forward((Weighted(SVC),)))
    assert labels_of(rules, SVC) == {"version": "svc"}
    assert labels_of(rules, Destination(IRIS)) == {}
    assert not {"version": "svc"}.items() >= labels_of(rules, Destination(IRIS, subset="typo")).items()
