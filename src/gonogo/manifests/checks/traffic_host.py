"""Traffic rules that speak for, or lead to, what is not there; and hosts for which several speak."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from gonogo.manifests.build import Assembly
from gonogo.manifests.checking import Check
from gonogo.manifests.findings import Finding, Severity
from gonogo.manifests.fit import closest
from gonogo.manifests.host import Host, resolve
from gonogo.manifests.notes import FIELD_NOT_USED
from gonogo.manifests.notes_traffic import TRAFFIC_FIELD_UNSUPPORTED
from gonogo.manifests.objects import Object
from gonogo.manifests.rule import Place, Rule
from gonogo.manifests.service import PlacedService
from gonogo.manifests.traffic import (
    destination_rules,
    destinations,
    http_routes,
    known_services,
    parents,
    virtual_services,
)

__all__ = ["CLAIMED_TWICE", "DESTINATION_UNKNOWN", "WITHOUT_SERVICE"]

_WITHOUT_SERVICE: Final = Rule("rule-without-service", Severity.ERROR, "a traffic rule is for no Service of the stack")
_DESTINATION: Final = Rule("destination-unknown", Severity.ERROR, "a route or a mirror leads to what is no Service")
_TWICE: Final = Rule("host-ruled-twice", Severity.ERROR, "several rules of one kind speak for the same Service")

_Known = Mapping[Host, PlacedService]


def _without_service(assembly: Assembly) -> Iterator[Finding]:
    known = known_services(assembly)
    for entry in destination_rules(assembly.objects):
        written = entry.fields.get("spec", {}).get("host", "")
        yield from _judge(written, entry.namespace, known, entry.place / "spec" / "host")
    for entry in virtual_services(assembly.objects):
        for i, written in enumerate(entry.fields.get("spec", {}).get("hosts", ())):
            yield from _judge(written, entry.namespace, known, entry.place / "spec" / "hosts" / i)
    for entry in http_routes(assembly.objects):
        for host, port, place in parents(entry):
            if host is None:
                yield place.finding(
                    FIELD_NOT_USED,
                    "no Gateway is run: traffic inside the stack goes to the Services as if the route were not there",
                    "name the Service as parent (group: '', kind: Service), where the route shall act inside the mesh",
                )
            elif host not in known:
                yield place.finding(_WITHOUT_SERVICE, _nothing(f"Service {host}"), _mend(host, known))
            elif port is not None and port not in [own.port for own in known[host].service.ports]:
                yield (place / "port").finding(
                    _WITHOUT_SERVICE, _nothing(f"port {port} of Service {host}"), "name a port that the Service has"
                )


def _judge(written: str, namespace: str, known: _Known, place: Place) -> Iterator[Finding]:
    host = resolve(written, namespace)
    if "*" in written:
        yield place.finding(
            TRAFFIC_FIELD_UNSUPPORTED,
            "hosts are not matched by pattern: the rule acts on no Service here",
            "name each Service",
        )
    elif written and host not in known:
        yield place.finding(_WITHOUT_SERVICE, _nothing(f"a Service called {written!r}"), _spelt(written, host, known))


def _nothing(what: str) -> str:
    return f"the stack does not have {what}: the rule acts on no request"


def _spelt(written: str, host: Host | None, known: _Known) -> str:
    if host is not None:
        return _mend(host, known)
    name, _, owner = written.partition(".")
    near = Host(owner.split(".")[0], name)
    if near in known:
        return f"write {near.full}: Istio completes only names without a dot"
    return f"write the name of a Service, short or as name.namespace.svc.cluster.local; {_all(known)}"


def _mend(host: Host, known: _Known) -> str:
    elsewhere = [other for other in known if other.name == host.name]
    if elsewhere:
        return f"the Service is in another namespace: write {elsewhere[0].full}, or mend the namespace of the rule"
    near = closest(host.name, [other.name for other in known if other.namespace == host.namespace])
    return f"did you mean {near}?" if near else f"declare Service {host}, or mend the name; {_all(known)}"


def _all(known: _Known) -> str:
    return f"declared: {', '.join(sorted(map(str, known))) or 'none'}"


def _destination_unknown(assembly: Assembly) -> Iterator[Finding]:
    known = known_services(assembly)
    for entry in (*virtual_services(assembly.objects), *http_routes(assembly.objects)):
        for leads in destinations(entry):
            step = "host" if entry.kind == "VirtualService" else "name"
            what = "copies are dropped" if leads.mirror else "requests that it takes are answered with 503"
            service = known.get(leads.host) if leads.host else None
            if leads.written and service is None:
                yield (leads.place / step).finding(
                    _DESTINATION,
                    f"{leads.written!r} is no Service of the stack: {what}",
                    _spelt(leads.written, leads.host, known),
                )
            elif service and leads.port is not None and leads.port not in [own.port for own in service.service.ports]:
                ports = ", ".join(str(own.port) for own in service.service.ports)
                yield (leads.place / "port").finding(
                    _DESTINATION,
                    f"{service.service} has no port {leads.port}: {what}",
                    f"write one that it has: {ports}",
                )


def _claimed_twice(assembly: Assembly) -> Iterator[Finding]:
    seen: dict[tuple[str, str, Host], Object] = {}
    for entry, kind, host, place in _claims(assembly):
        # A DestinationRule holds for clients of its own namespace; the other kinds hold for all.
        owner = entry.namespace if kind == "DestinationRule" else ""
        first = seen.setdefault((kind, owner, host), entry)
        if first is not entry:
            yield place.finding(
                _TWICE,
                f"{first} at {first.place.document.source} speaks for Service {host}, too: "
                "which of the two wins depends on the order in which they were created",
                "write one rule for the Service",
            )


def _claims(assembly: Assembly) -> Iterator[tuple[Object, str, Host, Place]]:
    for entry in destination_rules(assembly.objects):
        host = resolve(entry.fields.get("spec", {}).get("host", ""), entry.namespace)
        if host:
            yield entry, entry.kind, host, entry.place / "spec" / "host"
    for entry in virtual_services(assembly.objects):
        for i, written in enumerate(entry.fields.get("spec", {}).get("hosts", ())):
            host = resolve(written, entry.namespace)
            if host:
                yield entry, "routes", host, entry.place / "spec" / "hosts" / i
    for entry in http_routes(assembly.objects):
        for host, _, place in parents(entry):
            if host:
                yield entry, "routes", host, place


WITHOUT_SERVICE: Final = Check(_WITHOUT_SERVICE, _without_service)
DESTINATION_UNKNOWN: Final = Check(_DESTINATION, _destination_unknown)
CLAIMED_TWICE: Final = Check(_TWICE, _claimed_twice)
