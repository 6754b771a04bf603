"""What Pods use, as their node's kubelet counts it.

Source: the kubelet's Summary API, https://kubernetes.io/docs/reference/instrumentation/node-metrics/. Asked for CPU and
memory only, it reads the containers anew instead of telling what it counted up to ten seconds ago.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import urllib3

from gonogo.errors import EnvironmentFault
from gonogo.platforms.cluster.api import Api, Json
from gonogo.platforms.cluster.unverified import accept

__all__ = ["ContainerUse", "Kubelets", "Meter", "is_here", "read_summary"]

_SUMMARY: Final = "/stats/summary?only_cpu_and_memory=true"
_NANO: Final = 1e-9
_TIMEOUT_S: Final = 3.0
_AT_ONCE: Final = 8
"""Threads that may ask a kubelet at the same time, each by a connection that is kept."""


@dataclass(frozen=True, slots=True)
class ContainerUse:
    """What one container of a Pod has used since it started.

    Attributes:
        started: tells its lives apart.
        rss: resident bytes.
    """

    pod: str
    container: str
    started: str
    cpu_s: float
    rss: int


def read_summary(summary: Json) -> tuple[ContainerUse, ...]:
    """Return what the kubelet's summary says; containers without figures are left out."""
    return tuple(
        ContainerUse(
            pod=pod["podRef"]["uid"],
            container=container["name"],
            started=str(container.get("startTime", "")),
            cpu_s=container["cpu"]["usageCoreNanoSeconds"] * _NANO,
            rss=int(container["memory"].get("rssBytes", container["memory"].get("workingSetBytes", 0))),
        )
        for pod in summary.get("pods") or ()
        for container in pod.get("containers") or ()
        if "usageCoreNanoSeconds" in (container.get("cpu") or {}) and container.get("memory")
    )


@dataclass(slots=True)
class _Total:
    cpu_s: float = 0.0
    rss: int = 0
    peak: int = 0
    lives: dict[tuple[str, str], ContainerUse] = field(default_factory=dict)


class Meter:
    """Adds up what Pods used over the lives of their containers, and keeps the most memory seen."""

    def __init__(self) -> None:
        self._totals: dict[str, _Total] = {}

    def add(self, uses: Iterable[ContainerUse]) -> None:
        """Take a reading in."""
        by_pod: dict[str, list[ContainerUse]] = {}
        for use in uses:
            by_pod.setdefault(use.pod, []).append(use)
        for pod, read in by_pod.items():
            total = self._totals.setdefault(pod, _Total())
            for use in read:
                total.lives[use.container, use.started] = use
            total.cpu_s = sum(use.cpu_s for use in total.lives.values())
            total.rss = sum(use.rss for use in read)
            total.peak = max(total.peak, total.rss)

    def reset_peaks(self) -> None:
        """Forget the most memory seen before now."""
        for total in self._totals.values():
            total.peak = total.rss

    def cpu_s(self, pods: Iterable[str]) -> float:
        """CPU seconds of the Pods with these uids together."""
        return sum(self._totals[uid].cpu_s for uid in pods if uid in self._totals)

    def memory(self, pod: str) -> tuple[int, int]:
        """Resident bytes of a Pod, now and at most."""
        total = self._totals.get(pod, _Total())
        return total.rss, total.peak

    def knows(self, pod: str) -> bool:
        """Whether anything was read of the Pod."""
        return pod in self._totals


class Kubelets:
    """The kubelets of the nodes: asked through the API server, and directly where that does not lead to them.

    Directly they are asked without credentials, which a kubelet may or may not allow; no token leaves for an address
    that no certificate vouches for.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self._direct = urllib3.PoolManager(cert_reqs="CERT_NONE", assert_hostname=False, maxsize=_AT_ONCE)
        accept(self._direct)
        self._ways: dict[str, str] = {}
        self._silent: dict[str, str] = {}

    def uses(self, nodes: Iterable[str]) -> tuple[ContainerUse, ...]:
        """Return what the containers on ``nodes`` use; nodes that nobody tells of are left out."""
        found: list[ContainerUse] = []
        for node in nodes:
            summary = self._ask(node)
            if summary is not None:
                found += read_summary(summary)
        return tuple(found)

    def silent(self) -> Mapping[str, str]:
        """Nodes whose usage is not told, and why."""
        return self._silent

    def _ask(self, node: str) -> Json | None:
        if node in self._silent:
            return None
        if way := self._ways.get(node):
            try:
                return self._by(way, node)
            except (EnvironmentFault, urllib3.exceptions.HTTPError, ValueError):
                return None
        reasons = []
        for way in ("", *self._addresses(node)):
            try:
                summary = self._by(way or "api", node)
            except (EnvironmentFault, urllib3.exceptions.HTTPError, ValueError) as error:
                reasons.append(str(error))
            else:
                self._ways[node] = way or "api"
                return summary
        self._silent[node] = reasons[0]
        return None

    def _by(self, way: str, node: str) -> Json:
        if way == "api":
            path, _, query = _SUMMARY.partition("?")
            asked = dict([query.split("=")])
            return self._api.get(f"/api/v1/nodes/{node}/proxy{path}", patient=False, **asked)
        answer = self._direct.request("GET", f"https://{way}{_SUMMARY}", timeout=_TIMEOUT_S, retries=False)
        if answer.status != 200:  # noqa: PLR2004 - HTTP's OK
            raise ValueError(f"the kubelet at {way} answered {answer.status}")
        parsed: Any = json.loads(answer.data)
        return dict(parsed)

    def _addresses(self, node: str) -> list[str]:
        """Where the node's kubelet may listen: at the node's address, and on loopback when that is this machine."""
        try:
            status = self._api.get(f"/api/v1/nodes/{node}", patient=False).get("status") or {}
        except EnvironmentFault:
            return []
        port = ((status.get("daemonEndpoints") or {}).get("kubeletEndpoint") or {}).get("Port", 10250)
        inside = [each["address"] for each in status.get("addresses") or () if each["type"] == "InternalIP"]
        local = ["127.0.0.1"] if any(is_here(address) for address in inside) else []
        return [f"[{each}]:{port}" if ":" in each else f"{each}:{port}" for each in (*inside, *local)]


def is_here(address: str) -> bool:
    """Whether ``address`` is one of this machine's."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True
