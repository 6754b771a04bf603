"""Faults of form in traffic rules that no table of fields can say: one field of several, regular expressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gonogo.manifests.build import Assembly
from gonogo.manifests.checking import Check
from gonogo.manifests.findings import Finding, Severity
from gonogo.manifests.notes_traffic import TRAFFIC_FIELD_UNSUPPORTED
from gonogo.manifests.regex import complaint
from gonogo.manifests.rule import Place, Rule
from gonogo.manifests.traffic import destination_rules, http_routes, routes, virtual_services

__all__ = ["CHOICE", "REGEX"]

_REGEX: Final = Rule("regex-invalid", Severity.ERROR, "a regular expression cannot be read")
_CHOICE: Final = Rule("field-choice", Severity.ERROR, "fields that exclude each other are set, or none of them is")

_KINDS: Final = ("exact", "prefix", "regex")
_ACTIONS: Final = ("route", "redirect", "directResponse", "delegate")
_KEYS: Final = ("httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName")
_MOST_STARS: Final = "*"

_Placed = tuple[Mapping[str, Any], Place]


def _regex(assembly: Assembly) -> Iterator[Finding]:
    for text, place in _patterns(assembly):
        why = complaint(text)
        if why:
            yield place.finding(
                _REGEX,
                f"Envoy refuses {text!r}: {why}; istiod drops the rule, and its requests go elsewhere",
                "write a regular expression of RE2 (https://github.com/google/re2/wiki/Syntax)",
            )


def _patterns(assembly: Assembly) -> Iterator[tuple[str, Place]]:
    for matched, place in _string_matches(assembly):
        # A lone star means that the field is there at all.
        if matched.get("regex", _MOST_STARS) != _MOST_STARS:
            yield matched["regex"], place / "regex"
    for entry in virtual_services(assembly.objects):
        for route, place in routes(entry):
            rewrite = route.get("rewrite", {}).get("uriRegexRewrite", {})
            if "match" in rewrite:
                yield rewrite["match"], place / "rewrite" / "uriRegexRewrite" / "match"
    for entry in http_routes(assembly.objects):
        for rule, place in routes(entry):
            for i, match in enumerate(rule.get("matches", ())):
                yield from _of_rule(match, place / "matches" / i)


def _of_rule(match: Mapping[str, Any], place: Place) -> Iterator[tuple[str, Place]]:
    path = match.get("path", {})
    if path.get("type") == "RegularExpression":
        yield path.get("value", ""), place / "path" / "value"
    for name in ("headers", "queryParams"):
        for i, value in enumerate(match.get(name, ())):
            if value.get("type") == "RegularExpression":
                yield value.get("value", ""), place / name / i / "value"


def _string_matches(assembly: Assembly) -> Iterator[_Placed]:
    for entry in virtual_services(assembly.objects):
        for route, place in routes(entry):
            for i, match in enumerate(route.get("match", ())):
                at = place / "match" / i
                yield from ((match[name], at / name) for name in ("uri", "method", "authority") if name in match)
                for name in ("headers", "withoutHeaders", "queryParams"):
                    for key, value in match.get(name, {}).items():
                        yield value or {}, at / name / key


def _choice(assembly: Assembly) -> Iterator[Finding]:
    for matched, place in _string_matches(assembly):
        yield from _at_most_one(matched, _KINDS, place)
        if not matched and place.path[-1] in ("uri", "method", "authority"):
            yield place.finding(
                _CHOICE, "it matches nothing: Istio refuses the object", f"write one of {_list(_KINDS)}"
            )
    for entry in virtual_services(assembly.objects):
        for route, place in routes(entry):
            yield from _of_route(route, place)
    for entry in destination_rules(assembly.objects):
        for policy, place in _policies(entry.fields.get("spec", {}), entry.place / "spec"):
            yield from _of_balancer(policy.get("loadBalancer", {}), place / "loadBalancer")


def _of_route(route: Mapping[str, Any], place: Place) -> Iterator[Finding]:
    yield from _at_most_one(route, _ACTIONS, place)
    if not any(route.get(name) for name in _ACTIONS):
        yield place.finding(
            _CHOICE, "the route leads nowhere: Istio refuses the object", f"add one of {_list(_ACTIONS)}"
        )
    yield from _at_most_one(route, ("mirror", "mirrors"), place)
    yield from _at_most_one(route.get("rewrite", {}), ("uri", "uriRegexRewrite"), place / "rewrite")
    yield from _at_most_one(route.get("redirect", {}), ("uri", "prefixRewrite"), place / "redirect")
    yield from _at_most_one(route.get("redirect", {}), ("port", "derivePort"), place / "redirect")
    answer = route.get("directResponse", {}).get("body", {})
    yield from _at_most_one(answer, ("string", "bytes"), place / "directResponse" / "body")


def _policies(spec: Mapping[str, Any], place: Place) -> Iterator[_Placed]:
    holders = [(spec, place), *((subset, place / "subsets" / i) for i, subset in enumerate(spec.get("subsets", ())))]
    for holder, at in holders:
        policy = holder.get("trafficPolicy", {})
        yield policy, at / "trafficPolicy"
        for i, port in enumerate(policy.get("portLevelSettings", ())):
            yield port, at / "trafficPolicy" / "portLevelSettings" / i


def _of_balancer(balancer: Mapping[str, Any], place: Place) -> Iterator[Finding]:
    yield from _at_most_one(balancer, ("simple", "consistentHash"), place)
    if balancer.get("simple") == "PASSTHROUGH":
        yield (place / "simple").finding(
            TRAFFIC_FIELD_UNSUPPORTED,
            "requests do not go to the address that the client asked for: they are spread over the replicas",
            "write ROUND_ROBIN, LEAST_REQUEST or RANDOM",
        )
    if "consistentHash" in balancer:
        hashed = balancer["consistentHash"]
        at = place / "consistentHash"
        yield from _at_most_one(hashed, _KEYS, at)
        yield from _at_most_one(hashed, ("ringHash", "maglev"), at)
        if not any(hashed.get(name) for name in _KEYS):
            yield at.finding(_CHOICE, "nothing is hashed: Istio refuses the object", f"add one of {_list(_KEYS)}")


def _at_most_one(fields: Mapping[str, Any], names: tuple[str, ...], place: Place) -> Iterator[Finding]:
    given = [name for name in names if name in fields]
    if len(given) > 1:
        yield (place / given[1]).finding(
            _CHOICE, f"{_list(given)} exclude each other: Istio refuses the object", "keep one of them"
        )


def _list(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(names)


REGEX: Final = Check(_REGEX, _regex)
CHOICE: Final = Check(_CHOICE, _choice)
