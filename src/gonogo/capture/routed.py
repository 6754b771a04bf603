"""Where the requests to a Service go by the traffic rules, and where their copies do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gonogo.manifests.host import Host
from gonogo.mesh.policy.action import Forward
from gonogo.mesh.policy.destination import Destination
from gonogo.mesh.policy.policy import Policy

__all__ = ["destinations", "labels_of"]


def destinations(
    policy: Policy, service: Host, *, mirrors: bool | None = None, primary: bool = False
) -> tuple[Destination, ...]:
    """Return where requests to ``service`` go: with ``mirrors`` True only copies, False none of them.

    ``primary``: of a route, only the destination with the most weight.
    """
    return tuple(dict.fromkeys(_each(policy, service, mirrors=mirrors, primary=primary)))


def _each(policy: Policy, service: Host, *, mirrors: bool | None, primary: bool) -> Iterator[Destination]:
    for route in policy.of(service).routes or ():
        if not isinstance(route.action, Forward):
            continue
        to = [one for one in route.action.to if one.weight or len(route.action.to) == 1]
        if not mirrors:
            heaviest = max((one.weight for one in to), default=0)
            yield from (one.destination for one in to if not primary or one.weight == heaviest)
        if mirrors is not False:
            yield from (one.destination for one in route.action.mirrors if one.share > 0)


def labels_of(policy: Policy, destination: Destination) -> Mapping[str, str]:
    """Return the labels of the Pods that ``destination`` selects among those of its Service."""
    if not destination.subset:
        return {}
    found = [one.labels for one in policy.of(destination.host).subsets if one.name == destination.subset]
    # A subset that no rule declares selects nothing.
    return found[0] if found else {"gonogo.dev/subset": destination.subset}
