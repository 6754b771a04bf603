"""Routes: in each other's way, with weights that add up to something else, or with parts that exclude each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gonogo.manifests.build import Assembly
from gonogo.manifests.checking import Check
from gonogo.manifests.findings import Finding, Severity
from gonogo.manifests.rule import Place, Rule
from gonogo.manifests.traffic import routes, virtual_services

__all__ = ["FAULT_WITHOUT_SHARE", "ROUTE_SHADOWED", "WEIGHTS"]

_SHADOWED: Final = Rule("route-unreachable", Severity.ERROR, "a route stands behind one that takes its requests")
_WEIGHTS: Final = Rule("weights-sum", Severity.ERROR, "weights do not add up to 100")
_FAULT: Final = Rule("fault-without-share", Severity.WARNING, "a fault has no percentage")

_WHOLE: Final = 100
_LABELS: Final = frozenset({"name", "statPrefix"})
_BY_NAME: Final = ("headers", "withoutHeaders", "queryParams")


def _shadowed(assembly: Assembly) -> Iterator[Finding]:
    for entry in virtual_services(assembly.objects):
        before: list[tuple[Mapping[str, Any], Place]] = []
        for route, place in routes(entry):
            matches: tuple[Mapping[str, Any], ...] = route.get("match") or ({},)
            for i, match in enumerate(matches):
                taken = next((other for earlier, other in before if _covers(earlier, match)), None)
                if taken is not None:
                    yield (place / "match" / i if route.get("match") else place).finding(
                        _SHADOWED,
                        f"the route at line {taken.node.line} takes every request of this one: it gets none",
                        "put the narrower route first, or remove one of them",
                    )
            before += [(match, place) for match in matches]


def _covers(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> bool:
    """Whether ``earlier`` matches whatever ``later`` matches, as far as that can be read off their conditions."""
    needs = {key: value for key, value in earlier.items() if key not in _LABELS and value not in (None, {}, False)}
    if bool(earlier.get("ignoreUriCase")) < bool(later.get("ignoreUriCase")) and "uri" in needs:
        return False
    for key, value in needs.items():
        if key == "ignoreUriCase":
            continue
        held = later.get(key)
        if key == "uri":
            if not _covers_uri(value, held or {}):
                return False
        elif key in _BY_NAME:
            if not isinstance(held, Mapping) or not value.items() <= held.items():
                return False
        elif held != value:
            return False
    return True


def _covers_uri(earlier: Mapping[str, str], later: Mapping[str, str]) -> bool:
    prefix = earlier.get("prefix")
    if prefix == "/" or earlier.get("regex") in (".*", "/.*"):
        return True
    if prefix is not None and (later.get("prefix") or later.get("exact")):
        return (later.get("prefix") or later.get("exact", "")).startswith(prefix)
    return bool(earlier) and earlier == later


def _weights(assembly: Assembly) -> Iterator[Finding]:
    for entry in virtual_services(assembly.objects):
        for route, place in routes(entry):
            given = [weighted.get("weight") for weighted in route.get("route", ())]
            total = sum(weight or 0 for weight in given)
            if not given or total == _WHOLE or (len(given) == 1 and given[0] is None):
                continue
            if len(given) == 1:
                happens = "Istio ignores the weight of a lone destination and sends it everything"
            elif total == 0:
                happens = "Istio refuses the object"
            else:
                shares = ", ".join(f"{(weight or 0) / total:.1%}" for weight in given)
                happens = f"Istio takes them in proportion, which makes {shares}"
            yield (place / "route").finding(
                _WEIGHTS, f"the weights add up to {total}: {happens}", "write weights that add up to 100"
            )


def _fault(assembly: Assembly) -> Iterator[Finding]:
    for entry in virtual_services(assembly.objects):
        for route, place in routes(entry):
            for kind, fields in route.get("fault", {}).items():
                if "percentage" not in fields and "percent" not in fields:
                    yield (place / "fault" / kind).finding(
                        _FAULT, "Istio reads a missing percentage as 0: no request gets the fault", "add percentage:"
                    )


ROUTE_SHADOWED: Final = Check(_SHADOWED, _shadowed)
WEIGHTS: Final = Check(_WEIGHTS, _weights)
FAULT_WITHOUT_SHARE: Final = Check(_FAULT, _fault)
