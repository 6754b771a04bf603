"""Requests and limits of a container."""

from __future__ import annotations

import math
from typing import Final

from gonogo.manifests.findings import Severity
from gonogo.manifests.notes import FIELD_NOT_HONOURED, FIELD_NOT_USED
from gonogo.manifests.quantity import parse_amount, parse_cpu, parse_memory
from gonogo.manifests.rule import Place, Rule
from gonogo.manifests.shape import Fields
from gonogo.manifests.topology import Resources
from gonogo.units import format_bytes

__all__ = ["RULES", "amount", "resources"]

REQUEST_ABOVE_LIMIT: Final = Rule("request-above-limit", Severity.ERROR, "a request is larger than its limit")
MEMORY_TOO_SMALL: Final = Rule("memory-too-small", Severity.ERROR, "a memory limit or request is below 1 MiB")
RULES: Final = (REQUEST_ABOVE_LIMIT, MEMORY_TOO_SMALL)

_SMALLEST: Final = 1024 * 1024
_DISK: Final = ("ephemeral-storage", "hugepages-", "storage")


def resources(fields: Fields, place: Place) -> Resources:
    """Return the CPU and memory of ``fields`` (a container's ``resources``); report the rest of it."""
    limits, requests = fields.get("limits", {}), fields.get("requests", {})
    for side in ("limits", "requests"):
        for name in fields.get(side, {}):
            _unread(name, place / side / name)
    found = Resources(
        cpu_request=_cpu(requests),
        cpu_limit=_cpu(limits),
        memory_request=_memory(requests, place / "requests"),
        memory_limit=_memory(limits, place / "limits"),
    )
    for name, request, limit in (
        ("cpu", found.cpu_request, found.cpu_limit),
        ("memory", found.memory_request, found.memory_limit),
    ):
        if request is not None and limit is not None and request > limit:
            (place / "requests" / name).report(
                REQUEST_ABOVE_LIMIT,
                f"the request {requests[name]} is above the limit {limits[name]}: Kubernetes refuses the object",
                "raise the limit or lower the request",
            )
    return found


def amount(found: Resources, resource: str, divisor: str | float) -> str | None:
    """Return what a resourceFieldRef gives: ``resource`` in units of ``divisor``, rounded up.

    A request that is not declared is its limit, as Kubernetes sets it. None when neither is declared, because the
    cluster then takes what the node has. Rounding: ConvertResourceCPUToString and its siblings in Kubernetes.
    """
    values: dict[str, float | None] = {
        "limits.cpu": found.cpu_limit,
        "limits.memory": found.memory_limit,
        "requests.cpu": found.cpu_limit if found.cpu_request is None else found.cpu_request,
        "requests.memory": found.memory_limit if found.memory_request is None else found.memory_request,
    }
    value = values.get(resource)
    if value is None:
        return None
    scale = 1000 if resource.endswith("cpu") else 1
    unit = max(1, math.ceil((parse_amount(divisor) or 1) * scale))
    # A thousandth of a core is the smallest share that Kubernetes counts; float noise stays below a millionth of it.
    return str(-(-math.ceil(round(value * scale, 6)) // unit))


def _cpu(amounts: Fields) -> float | None:
    text = amounts.get("cpu")
    return None if text is None else parse_cpu(text)


def _memory(amounts: Fields, place: Place) -> int | None:
    text = amounts.get("memory")
    if text is None:
        return None
    size = parse_memory(text)
    if 0 < size < _SMALLEST:
        (place / "memory").report(
            MEMORY_TOO_SMALL,
            f"{text} is {format_bytes(size)}: no container starts with so little",
            f"write a suffix such as Mi{'; m means thousandths' if str(text).endswith('m') else ''}",
        )
    return size


def _unread(name: str, place: Place) -> None:
    if name in ("cpu", "memory"):
        return
    if name.startswith(_DISK):
        place.report(
            FIELD_NOT_USED, "the limit is not held here", "nothing to do here; test it on a cluster if it matters"
        )
    else:
        place.report(FIELD_NOT_HONOURED, f"no {name} is given to the container", "judge this Pod on a cluster")
