"""HTTPRoutes: matches by precedence, and what each rule does with a request.

Sources: https://gateway-api.sigs.k8s.io/reference/spec/ (HTTPRouteRule: precedence, weights, filters, timeouts) and
https://gateway-api.sigs.k8s.io/mesh/ (a Service as parent).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gonogo.manifests.host import Host
from gonogo.manifests.interval import interval
from gonogo.manifests.objects import Object
from gonogo.manifests.shape import Fields
from gonogo.manifests.traffic import parents, routes
from gonogo.mesh.gateway.filter import answers, changes, mirrors, redirect, rewrite
from gonogo.mesh.policy.action import Action, Answer, Forward, Retries
from gonogo.mesh.policy.destination import Destination, Weighted
from gonogo.mesh.policy.match import Kind, Match, NamedMatch, StringMatch
from gonogo.mesh.policy.origin import origin
from gonogo.mesh.policy.route import Route

__all__ = ["http_route", "parent_ports"]

_KINDS: Final = {"Exact": Kind.EXACT, "PathPrefix": Kind.SEGMENTS, "RegularExpression": Kind.REGEX}
_RANKS: Final = {Kind.EXACT: 3, Kind.SEGMENTS: 2, Kind.REGEX: 1}
_RETRIED: Final = ("connect-failure", "refused-stream", "unavailable", "cancelled")
_NOBODY: Final = 500


def parent_ports(entry: Object) -> dict[Host, frozenset[int] | None]:
    """Return the Services whose requests an HTTPRoute routes, each with the ports it is limited to; None for all."""
    found: dict[Host, frozenset[int] | None] = {}
    for host, port, _ in parents(entry):
        if host is None:
            continue
        before = found.get(host, frozenset())
        found[host] = None if port is None or before is None else before | {port}
    return found


def http_route(entry: Object) -> tuple[Route, ...]:
    """Return the routes of an HTTPRoute in order of precedence, one for each match."""
    made = list(_routes(entry))
    return tuple(sorted(made, key=lambda route: _precedence(route.matches[0]), reverse=True))


def _routes(entry: Object) -> Iterator[Route]:
    for fields, place in routes(entry):
        action = _action(fields, entry.namespace)
        filters = [one for one in fields.get("filters", ()) if one]
        matches: tuple[Fields, ...] = fields.get("matches") or ({},)
        for one in matches:
            yield Route(
                action,
                matches=(_match(one),),
                name=fields.get("name", ""),
                request=changes(filters, "requestHeaderModifier"),
                response=changes(filters, "responseHeaderModifier"),
                origin=origin(place),
            )


def _precedence(match: Match) -> tuple[int, int, bool, int, int]:
    uri = match.uri
    return (
        _RANKS[uri.kind] if uri else 0,
        len(uri.value) if uri else 0,
        match.method is not None,
        len(match.headers),
        len(match.query),
    )


def _match(fields: Fields) -> Match:
    path = fields.get("path", {})
    kind = _KINDS[path.get("type", "PathPrefix")]
    value = path.get("value", "/")
    if kind is Kind.SEGMENTS and value != "/":
        value = value.removesuffix("/")
    return Match(
        uri=StringMatch(kind, value),
        method=StringMatch(Kind.EXACT, fields["method"]) if "method" in fields else None,
        headers=tuple(_named(one) for one in fields.get("headers", ())),
        query=tuple(_named(one) for one in fields.get("queryParams", ())),
    )


def _named(fields: Fields) -> NamedMatch:
    return NamedMatch(fields.get("name", ""), StringMatch(_KINDS[fields.get("type", "Exact")], fields.get("value", "")))


def _action(fields: Fields, namespace: str) -> Action:
    filters = [one for one in fields.get("filters", ()) if one]
    if answers(filters):
        return redirect(filters)
    to = tuple(_weighted(one, namespace) for one in fields.get("backendRefs", ()))
    if not sum(one.weight for one in to):
        return Answer(_NOBODY)
    timeouts = fields.get("timeouts", {})
    whole, each = _limit(timeouts, "request"), _limit(timeouts, "backendRequest")
    retry = fields.get("retry")
    return Forward(
        to,
        mirrors=tuple(mirror for mirror in mirrors(filters, namespace) if mirror.share > 0),
        # Without retries there is one try, which the limit of each holds for.
        timeout_s=each if each is not None and retry is None else whole,
        retries=_retries(retry, each) if retry is not None else None,
        rewrite=rewrite(filters),
    )


def _weighted(fields: Fields, namespace: str) -> Weighted:
    filters = [one for one in fields.get("filters", ()) if one]
    return Weighted(
        Destination(Host(fields.get("namespace") or namespace, fields.get("name", "")), fields.get("port")),
        weight=fields.get("weight", 1),
        request=changes(filters, "requestHeaderModifier"),
        response=changes(filters, "responseHeaderModifier"),
    )


def _limit(fields: Fields, name: str) -> float | None:
    return (interval(fields[name]) or None) if name in fields else None


def _retries(fields: Fields, each: float | None) -> Retries:
    statuses = tuple(code for code in fields.get("codes", ()) if code is not None)
    return Retries(fields.get("attempts", 2), per_try_timeout_s=each, on=_RETRIED, statuses=statuses)
