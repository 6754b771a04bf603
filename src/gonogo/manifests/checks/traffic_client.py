"""What clients send and what routes ask for: a header value that no route matches."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from gonogo.manifests.build import Assembly
from gonogo.manifests.checking import Check
from gonogo.manifests.findings import Finding, Severity
from gonogo.manifests.host import Host, resolve
from gonogo.manifests.objects import Object
from gonogo.manifests.rule import Place, Rule
from gonogo.manifests.topology import Generator
from gonogo.manifests.traffic import http_routes, parents, routes, virtual_services

__all__ = ["HEADER_UNROUTED"]

_UNROUTED: Final = Rule(
    "header-value-unrouted", Severity.WARNING, "a client sends a header value that no route matches"
)

_REQUEST: Final = re.compile(r"[A-Za-z]+[ \t]+(https?://\S+)")
_HEADER: Final = re.compile(r"([^\s:]+)[ \t]*:[ \t]*(.*)")


def _unrouted(assembly: Assembly) -> Iterator[Finding]:
    asked = [*_virtual(assembly), *_rules(assembly)]
    for generator in assembly.generators:
        for host, name, value in _sent(generator):
            values = [
                (matched, place) for service, header, matched, place in asked if (service, header) == (host, name)
            ]
            if not values or any(_matches(matched, value) for matched, _ in values):
                continue
            wanted = ", ".join(dict.fromkeys(_written(matched) for matched, _ in values))
            yield values[0][1].finding(
                _UNROUTED,
                f"Pod {generator.namespace}/{generator.name} sends {name}: {value!r}, which no route of {host} "
                "matches: these requests take the route of those without the header",
                f"send a value that a route asks for ({wanted}), or add a route",
            )


def _virtual(assembly: Assembly) -> Iterator[tuple[Host, str, Mapping[str, Any], Place]]:
    for entry in virtual_services(assembly.objects):
        hosts = [resolve(written, entry.namespace) for written in entry.fields.get("spec", {}).get("hosts", ())]
        for route, place in routes(entry):
            for i, match in enumerate(route.get("match", ())):
                for name, matched in match.get("headers", {}).items():
                    at = place / "match" / i / "headers" / name
                    yield from ((host, name.lower(), matched or {}, at) for host in hosts if host)


def _rules(assembly: Assembly) -> Iterator[tuple[Host, str, Mapping[str, Any], Place]]:
    entry: Object
    for entry in http_routes(assembly.objects):
        hosts = [host for host, _, _ in parents(entry) if host]
        for rule, place in routes(entry):
            for i, match in enumerate(rule.get("matches", ())):
                for k, header in enumerate(match.get("headers", ())):
                    kind = "regex" if header.get("type") == "RegularExpression" else "exact"
                    matched = {kind: header.get("value", "")}
                    at = place / "matches" / i / "headers" / k
                    yield from ((host, header.get("name", "").lower(), matched, at) for host in hosts)


def _sent(generator: Generator) -> Iterator[tuple[Host, str, str]]:
    """Yield the headers in the generator's target files, with the Service that each goes to."""
    for content in generator.files.values():
        host: Host | None = None
        for line in content.decode(errors="replace").splitlines():
            request = _REQUEST.fullmatch(line.strip())
            header = _HEADER.fullmatch(line.strip())
            if request:
                host = resolve(urlsplit(request.group(1)).hostname or "", generator.namespace)
            elif header and host:
                yield host, header.group(1).lower(), header.group(2)


def _matches(matched: Mapping[str, Any], value: str) -> bool:
    if "exact" in matched:
        return bool(value == matched["exact"])
    if "prefix" in matched:
        return value.startswith(matched["prefix"])
    # A regular expression may match: only a plain difference is worth a finding.
    return True


def _written(matched: Mapping[str, Any]) -> str:
    return " ".join(f"{kind} {value!r}" for kind, value in matched.items())


HEADER_UNROUTED: Final = Check(_UNROUTED, _unrouted)
