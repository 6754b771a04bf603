"""What tells of the requests at captured replicas: an Envoy before each workload's, or each replica's own log."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from gonogo.capture.feed import Feed, Gap, ProxyFeed
from gonogo.capture.inlet import Inlet, Scope
from gonogo.capture.log_feed import LogFeed
from gonogo.capture.proxy import CaptureProxy
from gonogo.capture.reading import Reading
from gonogo.capture.tail import Tail
from gonogo.errors import EnvironmentFault, UsageError
from gonogo.gate.judgment import ReplicaUsage
from gonogo.manifests.host import Host
from gonogo.manifests.prediction_log import LogFields
from gonogo.mesh.sidecar import Address, Endpoint, Outlet
from gonogo.platforms.interface import RunningStack
from gonogo.units import format_count

__all__ = ["Captor", "CapturedReplica", "Inlets"]

_HERE: Final = f"127.3.{os.getpid() >> 8 & 255}.{os.getpid() & 255 or 1}"
"""Where proxies for replicas elsewhere listen: no other session's ports are at this address."""


@dataclass(frozen=True, slots=True)
class CapturedReplica:
    """A replica of which something tells what it is asked and answers."""

    host: Host
    endpoint: Endpoint
    workload: str


@dataclass(frozen=True, slots=True)
class Captor:
    """How the replicas of a Service are captured.

    Attributes:
        scope: what is kept of each request.
        reading: where the rows of an input stand in a request.
        logs: paths in the lines of the own log that a workload (``namespace/name``) has; others get an Envoy.
    """

    scope: Scope
    reading: Reading
    logs: Mapping[str, LogFields]


class Inlets:
    """Proxies before replicas and readers of replicas' logs, by workload; those of several Services share them.

    Args:
        running: the stack.
        folder: for the proxies' files.
        cores: CPUs of the proxies; empty: all.
    """

    def __init__(self, running: RunningStack, folder: Path, cores: tuple[int, ...] = ()) -> None:
        self.replicas: dict[Address, CapturedReplica] = {}
        self._running = running
        self._folder = folder
        self._cores = cores
        self._captors: dict[str, Captor] = {}
        self._proxies: dict[str, CaptureProxy] = {}
        self._inlets: dict[Address, Inlet] = {}
        self._feeds: dict[tuple[str, Address | None], Feed] = {}
        self._used: dict[str, float] = {}
        self._unwritten: dict[str, int] = {}

    def lead(self, outlet: Outlet, captor: Captor) -> Outlet:
        """Return ``outlet`` with the proxies' addresses in place of the replicas' own; proxies come as replicas do.

        Raises:
            UsageError: a workload is captured in another way already.
            EnvironmentFault: a proxy does not start or does not take a replica.
        """
        by_workload: dict[str, list[Endpoint]] = {}
        for endpoint in outlet.endpoints:
            workload = self._workload(outlet.host, endpoint)
            self.replicas[endpoint.address] = CapturedReplica(outlet.host, endpoint, workload)
            by_workload.setdefault(workload, []).append(endpoint)
        for workload, endpoints in by_workload.items():
            if self._captors.setdefault(workload, captor) != captor:
                raise UsageError(
                    f"{workload} is captured already, in its own way",
                    where=f"capture of {outlet.host}",
                    mend="capture Services that share replicas with the same options",
                )
            if workload in captor.logs:
                self._read_logs(workload, endpoints, captor)
            else:
                self._stand_before(workload, endpoints, captor.scope)
        led = [self._inlets.get(one.address) for one in outlet.endpoints]
        before = tuple(
            one if inlet is None else replace(one, address=inlet.listen)
            for one, inlet in zip(outlet.endpoints, led, strict=True)
        )
        return replace(outlet, endpoints=before)

    def feeds(self, *, anew: bool = False) -> tuple[Feed, ...]:
        """Return what captured requests are read from; ``anew``: readers of their own, from the beginning on."""
        if not anew:
            return tuple(self._feeds.values())
        return tuple(self._feed(workload, address) for workload, address in self._feeds)

    def origin(self, upstream: str) -> str:
        """Return the replica that a request reached by the address that the sidecar noted."""
        return next((str(one.replica) for one in self._inlets.values() if str(one.listen) == upstream), upstream)

    def by_log(self, workloads: Sequence[str]) -> bool:
        """Whether one of ``workloads`` is told of by its own log."""
        return any(workload in self._captors[workload].logs for workload in workloads if workload in self._captors)

    def begin(self) -> None:
        """Forget what was captured before; a run begins."""
        for feed in self._feeds.values():
            feed.skip()
        self._used = {name: proxy.sample().cpu_s for name, proxy in self._proxies.items()}
        self._unwritten = {name: proxy.lost_writes() for name, proxy in self._proxies.items()}

    def gap(self, workload: str) -> Gap:
        """Return what is not told of a workload's requests since the run began."""
        gaps = [feed.gap() for (name, _), feed in self._feeds.items() if name == workload]
        proxy = self._proxies.get(workload)
        unwritten = 0 if proxy is None else proxy.lost_writes() - self._unwritten.get(workload, 0)
        lacking: dict[str, int] = {}
        for name, count in (each for gap in gaps for each in gap.lacking):
            lacking[name] = lacking.get(name, 0) + count
        lost = unwritten + sum(gap.lost for gap in gaps)
        return Gap(sum(gap.seen for gap in gaps), lost, tuple(sorted(lacking.items())))

    def usage(self) -> tuple[ReplicaUsage, ...]:
        """What the proxies used since the run began."""
        used = {name: proxy.sample() for name, proxy in sorted(self._proxies.items())}
        return tuple(
            ReplicaUsage(f"capture/{name}", cpu_s=now.cpu_s - self._used.get(name, 0.0), rss_max=now.rss)
            for name, now in used.items()
        )

    def note(self) -> str:
        """What a reader of the judgment must know about the way of the requests."""
        parts = []
        if self._proxies:
            lost = sum(proxy.lost_writes() for proxy in self._proxies.values())
            end = f"; {format_count(lost)} writes of it failed" if lost else ""
            parts.append(f"captured by an Envoy before each of {', '.join(sorted(self._proxies))}{end}")
        if any(one.listen.ip == _HERE for one in self._inlets.values()):
            parts.append(
                "these Envoys stand on this machine, not beside the replicas: times of live and shadow include the way"
                " between, and calls between the stack's own services are not captured"
            )
        logs = sorted({name for name, captor in self._captors.items() if name in captor.logs})
        if logs:
            parts.append(
                f"captured from the own log of {', '.join(logs)}, which tells of answers and not of arrivals; times of"
                " live and shadow are what the service itself says"
            )
        return "; ".join(parts)

    def stop(self) -> None:
        """End the proxies; safe to call twice."""
        for proxy in self._proxies.values():
            proxy.stop()

    def _stand_before(self, workload: str, endpoints: Sequence[Endpoint], scope: Scope) -> None:
        beside = {replica.address for replica in self._running.replicas()}
        for endpoint in endpoints:
            if endpoint.address not in self._inlets:
                self._inlets[endpoint.address] = Inlet(_free(endpoint.address, beside), endpoint.address)
        inlets = [self._inlets[endpoint.address] for endpoint in endpoints]
        proxy = self._proxies.get(workload)
        if proxy is not None:
            # One whose replica is not ready for a moment stays: requests on their way end there.
            proxy.change(tuple(dict.fromkeys((*proxy.inlets, *inlets))))
            return
        folder = self._folder / workload.replace("/", "_")
        self._proxies[workload] = CaptureProxy(workload, inlets, scope, folder=folder, cores=self._cores)
        self._feeds[workload, None] = self._feed(workload, None)

    def _read_logs(self, workload: str, endpoints: Sequence[Endpoint], captor: Captor) -> None:
        for endpoint in endpoints:
            if not endpoint.replica:
                raise UsageError(
                    f"it cannot be told whose log tells of the requests to {endpoint.address}",
                    where=f"capture of {workload}",
                    mend="capture with the Envoy: stack.capture(…, log=False)",
                )
            if (workload, endpoint.address) not in self._feeds:
                self._captors[workload] = captor
                self._feeds[workload, endpoint.address] = self._feed(workload, endpoint.address)

    def _feed(self, workload: str, address: Address | None) -> Feed:
        if address is None:
            return ProxyFeed(self._proxies[workload].tail())
        captor, name = self._captors[workload], self.replicas[address].endpoint.replica
        log = next(one.log for one in self._running.replicas() if one.name == name)
        return LogFeed(Tail(log), str(address), captor.logs[workload], captor.reading, captor.scope)

    def _workload(self, host: Host, endpoint: Endpoint) -> str:
        if endpoint.replica:
            return endpoint.replica.rpartition("/")[0]
        service = self._running.topology.service(f"{host.namespace}/{host.name}")
        for workload in self._running.topology.behind(service):
            if dict(workload.labels) == dict(endpoint.labels):
                return f"{workload.namespace}/{workload.name}"
        return f"{host.namespace}/{host.name}"


def _free(replica: Address, beside: set[str]) -> Address:
    """Return a free address: that of ``replica`` itself where it is this machine's, else one of this process's.

    Raises:
        EnvironmentFault: nothing can listen there.
    """
    ip = replica.ip if replica.loopback and replica.ip in beside else _HERE
    try:
        with socket.socket() as probe:
            probe.bind((ip, 0))
            return Address(ip, int(probe.getsockname()[1]))
    except OSError as error:
        raise EnvironmentFault(
            f"nothing can stand before the replica at {replica}: {ip}: {error.strerror}",
            where="stack.capture",
            mend="give this machine loopback addresses (127.0.0.0/8), as Linux does",
        ) from error
