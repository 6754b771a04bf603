"""Changes of a policy as pure functions: other weights, mirrors and limits for one Service, all else as it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from gonogo.errors import UsageError
from gonogo.manifests.host import Host
from gonogo.mesh.policy.action import Forward
from gonogo.mesh.policy.destination import Destination, Mirror, Weighted
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.policy.pool import Pool
from gonogo.mesh.policy.route import Route
from gonogo.mesh.policy.ruling import Ruling, Subset
from gonogo.mesh.policy.traffic import Traffic

__all__ = ["with_limits", "with_mirror", "with_ruling", "with_weights", "without_mirror"]

_WHOLE: Final = 100


def with_ruling(policy: Policy, ruling: Ruling) -> Policy:
    """Return ``policy`` with ``ruling`` in place of what it says about that Service."""
    others = [entry for entry in policy.rulings if entry.host != ruling.host]
    return replace(policy, rulings=tuple(sorted([*others, ruling], key=lambda entry: entry.host)))


def with_weights(policy: Policy, host: Host, weights: Mapping[str, int]) -> Policy:
    """Return ``policy`` with the requests to ``host`` split by ``weights``.

    Args:
        policy: as it is.
        host: the Service whose only route changes; of several, those that lead to one of the names.
        weights: subset, or other Service that a route leads to, to its part of 100; who is left out gets nothing.

    Raises:
        UsageError: the weights are no parts of 100, or a name is neither a subset nor a destination.
    """
    if any(weight < 0 for weight in weights.values()) or sum(weights.values()) != _WHOLE:
        raise UsageError(
            f"the weights {dict(weights)} add up to {sum(weights.values())}",
            where=f"Service {host}",
            mend="give parts of 100 that are not below 0",
        )
    ruling = policy.of(host)
    alone = sum(isinstance(route.action, Forward) for route in ruling.routes or ()) <= 1
    changed = 0

    def split(forward: Forward) -> Forward:
        nonlocal changed
        known = {_name(entry.destination): entry for entry in forward.to}
        if not (alone or known.keys() & weights.keys()):
            return forward
        changed += 1
        added = [name for name in weights if name not in known]
        everyone = {**known, **{name: Weighted(_destination(ruling, name, forward)) for name in added}}
        return replace(
            forward, to=tuple(replace(entry, weight=weights.get(name, 0)) for name, entry in everyone.items())
        )

    result = with_ruling(policy, replace(ruling, routes=_forwarded(ruling, split)))
    if not changed:
        raise UsageError(f"no route leads to {', '.join(weights)}", where=f"Service {host}", mend=_known(ruling))
    return result


def with_mirror(policy: Policy, host: Host, to: str, share: float) -> Policy:
    """Return ``policy`` with copies of a ``share`` of the requests to ``host`` sent to the subset or Service ``to``.

    Raises:
        UsageError: the share is outside 0 to 1, or ``to`` is no subset of the Service.
    """
    ruling = policy.of(host)

    def mirrored(forward: Forward) -> Forward:
        others = tuple(mirror for mirror in forward.mirrors if _name(mirror.destination) != to)
        known = [mirror.destination for mirror in forward.mirrors if _name(mirror.destination) == to]
        return replace(
            forward, mirrors=(*others, Mirror(known[0] if known else _destination(ruling, to, forward), share))
        )

    return with_ruling(policy, replace(ruling, routes=_forwarded(ruling, mirrored)))


def without_mirror(policy: Policy, host: Host) -> Policy:
    """Return ``policy`` with no copies of requests to ``host``."""
    ruling = policy.of(host)
    return with_ruling(policy, replace(ruling, routes=_forwarded(ruling, lambda forward: replace(forward, mirrors=()))))


def with_limits(policy: Policy, host: Host, limits: Mapping[str, int | None]) -> Policy:
    """Return ``policy`` with other limits of the connections to ``host``, its subsets and ports.

    Args:
        policy: as it is.
        host: the Service.
        limits: field of :class:`gonogo.mesh.policy.pool.Pool` to its limit; None is no limit.
    """
    ruling = policy.of(host)

    def limited(traffic: Traffic, *, always: bool) -> Traffic:
        if traffic.pool is None and not always:
            return traffic
        return replace(traffic, pool=replace(traffic.pool or Pool(), **limits))

    def ports(given: Mapping[int, Traffic]) -> Mapping[int, Traffic]:
        # Port settings replace those of the destination, so the limits must stand in each of them.
        return {port: limited(traffic, always=True) for port, traffic in given.items()}

    def subset(given: Subset) -> Subset:
        return replace(given, traffic=limited(given.traffic, always=False), ports=ports(given.ports))

    return with_ruling(
        policy,
        replace(
            ruling,
            traffic=limited(ruling.traffic, always=True),
            ports=ports(ruling.ports),
            subsets=tuple(map(subset, ruling.subsets)),
        ),
    )


def _forwarded(ruling: Ruling, change: Callable[[Forward], Forward]) -> tuple[Route, ...]:
    routes = ruling.routes
    if routes is None:
        routes = (Route(Forward((Weighted(Destination(ruling.host)),)), name="default"),)
    return tuple(
        replace(route, action=change(route.action)) if isinstance(route.action, Forward) else route for route in routes
    )


def _name(destination: Destination) -> str:
    return destination.subset or destination.host.name


def _destination(ruling: Ruling, name: str, forward: Forward) -> Destination:
    if any(subset.name == name for subset in ruling.subsets):
        first = forward.to[0].destination
        return Destination(ruling.host, first.port if first.host == ruling.host else None, name)
    raise UsageError(f"{name!r} is no subset", where=f"Service {ruling.host}", mend=_known(ruling))


def _known(ruling: Ruling) -> str:
    leads = [
        _name(entry.destination)
        for route in ruling.routes or ()
        if isinstance(route.action, Forward)
        for entry in route.action.to
    ]
    named = dict.fromkeys([*(subset.name for subset in ruling.subsets), *leads])
    return f"name one of {', '.join(named)}" if named else "declare subsets in a DestinationRule"
