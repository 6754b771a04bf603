"""Traffic rules while they act: the client's sidecar beside the generator, and changes of its rules under load."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, cast

from gonogo.errors import EnvironmentFault, StackError, UsageError
from gonogo.load.target import Target
from gonogo.manifests.findings import Finding
from gonogo.manifests.host import Host
from gonogo.manifests.topology import Service
from gonogo.mesh.policy.change import with_limits, with_mirror, with_weights, without_mirror
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.sidecar import Address, Outlet
from gonogo.platforms.interface import HoldsRules, ReplicaSample, RunningStack
from gonogo.sidecar.access_log import AccessLog
from gonogo.sidecar.cage import FREE, Cage
from gonogo.sidecar.carrier import Carrier
from gonogo.sidecar.client import ClientSidecar
from gonogo.sidecar.istio import IstioProxy
from gonogo.suite.change import KEEP, Keep, TrafficChange
from gonogo.suite.outlets import outlets_of
from gonogo.suite.rules import WrittenRules
from gonogo.suite.trace import REQUEST_ID, traced
from gonogo.suite.way import Way

__all__ = ["KEEP", "REQUEST_ID", "Keep", "Traffic", "TrafficChange"]

NAME: Final = "sidecar"
_LOOK_S: Final = 0.25
_SLOWEST_LOOK_S: Final = 5.0
_CHEAP: Final = 10
_PERCENT: Final = 100


class Traffic:
    """The traffic rules of a running stack, carried out by the client's sidecar.

    The sidecar follows the stack: replicas that come, go, or are not ready are known to it within a second.

    Args:
        running: the stack.
        policy: what the manifests declare.
        proxy: ``envoy`` or ``nginx``.
        folder: for the sidecar's files.
        workers: threads or processes that serve.
        cores: CPUs of the sidecar; empty: all.
        service_cores: CPUs of what stands beside the replicas; empty: all.
        cage: control groups that hold the sidecar.
        rules: the same rules where the platform holds them; changes are written there as well.
        istio: carries the rules out in place of a sidecar of gonogo's own.

    Attributes:
        folder: the sidecar's.
        way: the proxies through which requests reach the replicas; None where they go there directly.
        cage: what holds the sidecar.

    Raises:
        MissingPart: the proxy is not installed.
        EnvironmentFault: it does not start.
    """

    def __init__(
        self,
        running: RunningStack,
        policy: Policy,
        proxy: str,
        *,
        folder: Path,
        workers: int = 1,
        cores: tuple[int, ...] = (),
        service_cores: tuple[int, ...] = (),
        cage: Cage = FREE,
        rules: WrittenRules | None = None,
        istio: IstioProxy | None = None,
    ) -> None:
        self.folder = folder
        self.service_cores = service_cores
        self.cage = cage
        self._running = running
        self._declared = policy
        self._changes: list[TrafficChange] = []
        self._lock = threading.RLock()
        self._peak = 0
        self.way: Way | None = None
        self._trouble = ""
        self._astray = ""
        self._over = threading.Event()
        self._rules = rules
        self._own: ClientSidecar | None = None
        if istio is None:
            outlets = outlets_of(running)
            self._own = ClientSidecar(proxy, policy, outlets, folder=folder, workers=workers, cores=cores, cage=cage)
        self._sidecar: Carrier = istio or cast("Carrier", self._own)
        self._cores = cores
        self._workers = workers
        self._follower = threading.Thread(target=self._follow, name="gonogo-sidecar", daemon=True)
        if self._own is not None:
            self._follower.start()

    @property
    def policy(self) -> Policy:
        """The rules that act now."""
        return self._sidecar.policy

    @property
    def proxy(self) -> str:
        """What carries the rules out, with its version, such as ``Envoy 1.36.0``."""
        return self._sidecar.name

    @property
    def changes(self) -> tuple[TrafficChange, ...]:
        """What was changed since the rules were those of the manifests, in order."""
        return tuple(self._changes)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What of the rules the proxy does not carry out, or carries out differently."""
        return self._sidecar.findings

    @property
    def note(self) -> str:
        """What a reader of the judgment must know about the way of the requests."""
        if self._own is None:
            return f"through {self._sidecar.name}, by the rules as the cluster holds them"
        where = f", CPU {', '.join(map(str, self._cores))}" if self._cores else ""
        workers = f"{self._workers} worker{'s' if self._workers > 1 else ''}"
        held = "; the cluster holds the same rules for its Istio, past which these requests go" if self._rules else ""
        limits = "".join(f", {limit}" for limit in self.cage.held)
        return f"through the client's sidecar: {self._own.name}, {workers}{where}{limits}{held}"

    @property
    def between(self) -> str:
        """Whether the rules act on calls between the stack's own services, for the judgment."""
        others = "follow them only where the cluster's Istio has its proxy in their Pods" if self._rules else "do not"
        return (
            "traffic rules act on what the load generator and the suites' clients send; calls between the stack's own"
            f" services {others}"
        )

    @property
    def recorded(self) -> bool:
        """Whether what carries the rules out keeps a record of every request."""
        return self._sidecar.log is not None

    @property
    def log(self) -> AccessLog:
        """What it records of every request.

        Raises:
            UsageError: its records cannot be seen.
        """
        if self._sidecar.log is None:
            raise UsageError(
                f"{self._sidecar.name} keeps no records that gonogo sees",
                where="stack.traffic.log",
                mend="leave out istio_proxy for this: the rules then act in gonogo's own sidecar",
            )
        return self._sidecar.log

    def apply(self, change: Callable[[Policy], Policy], why: str = "", *, what: str = "") -> TrafficChange:
        """Change the rules without losing a request, and return once the proxy acts on them.

        Args:
            change: makes the new rules from those that act now.
            why: the reason, for the judgment.
            what: what changes, for the judgment; by default, the Services whose rules do.

        Where the cluster holds the rules, they are changed there, too, and held before this returns. When an Istio
        proxy acts on them is then Istio's affair: some moments later.

        Raises:
            UsageError: the new rules cannot be used, or the cluster's objects have no field for them; nothing changed.
            EnvironmentFault: the proxy refuses them or does not act on them in time, or the cluster does not take
                them; all goes on as before.
        """
        with self._lock:
            before = self._sidecar.policy
            after = change(before)
            if not isinstance(after, Policy):
                raise UsageError(f"a change made {type(after).__name__} of the policy", mend="return a Policy")
            self._change(before, after)
            made = TrafficChange(
                at_s=time.monotonic(),
                wall=datetime.now(UTC).isoformat(timespec="milliseconds"),
                what=what or f"rules of {_differing(before, after)} changed",
                why=why,
                policy=after,
            )
            self._changes.append(made)
            return made

    def set_weights(self, service: str, weights: Mapping[str, int], why: str = "") -> TrafficChange:
        """Split the requests to ``service``.

        Args:
            service: whose requests.
            weights: subset, or Service that a route leads to, to its part of 100.
            why: the reason, for the judgment.

        Raises:
            UsageError: the weights are no parts of 100, or a name is unknown.
        """
        said = ", ".join(f"{name} {weight}" for name, weight in weights.items())
        host = self._host(service)
        return self.apply(lambda policy: with_weights(policy, host, weights), why, what=f"weights of {service}: {said}")

    def set_mirror(self, service: str, to: str, percent: float = 100.0, why: str = "") -> TrafficChange:
        """Send copies of ``percent`` of the requests to ``service`` to its subset ``to``.

        Raises:
            UsageError: it is no percentage, or no subset has that name.
        """
        host = self._host(service)
        return self.apply(
            lambda policy: with_mirror(policy, host, to, percent / _PERCENT),
            why,
            what=f"{percent:g} % of {service} mirrored to {to}",
        )

    def stop_mirror(self, service: str, why: str = "") -> TrafficChange:
        """Send no more copies of the requests to ``service``."""
        host = self._host(service)
        return self.apply(lambda policy: without_mirror(policy, host), why, what=f"{service} is not mirrored")

    def set_limits(
        self,
        service: str,
        *,
        max_connections: int | Keep | None = KEEP,
        max_pending_requests: int | Keep | None = KEEP,
        max_requests: int | Keep | None = KEEP,
        why: str = "",
    ) -> TrafficChange:
        """Set the breaker's limits for ``service``; None is no limit, and what is not given stays.

        Args:
            service: whose connections are limited.
            max_connections: to all replicas together.
            max_pending_requests: that wait for a connection.
            max_requests: at the same time.
            why: the reason, for the judgment.

        Raises:
            UsageError: a limit is below 1.
        """
        given = {"max_connections": max_connections, "max_pending": max_pending_requests, "max_requests": max_requests}
        limits = {name: limit for name, limit in given.items() if not isinstance(limit, Keep)}
        for name, limit in limits.items():
            if limit is not None and limit < 1:
                raise UsageError(f"{name} {limit}", where=f"limits of {service}", mend="give 1 or more, or None")
        said = ", ".join(f"{name} {'none' if limit is None else limit}" for name, limit in limits.items())
        host = self._host(service)
        return self.apply(lambda policy: with_limits(policy, host, limits), why, what=f"limits of {service}: {said}")

    def reset(self) -> None:
        """Go back to the rules of the manifests and forget the changes.

        Raises:
            EnvironmentFault: the proxy, or the cluster, does not take them back; that stays a problem of the stack.
        """
        with self._lock:
            try:
                if self._sidecar.policy != self._declared:
                    self._change(self._sidecar.policy, self._declared)
            except EnvironmentFault as fault:
                self._astray = f"the traffic rules are not those of the manifests again: {fault}"
                raise
            self._astray = ""
            self._changes.clear()

    def refresh(self) -> None:
        """Look now, and not within a second, which replicas are ready.

        Raises:
            EnvironmentFault: the proxy does not act on what has changed.
        """
        if self._own is None:
            return
        with self._lock:
            self._sidecar.change(self._sidecar.policy, self._outlets())

    def lead_through(self, way: Way | None) -> None:
        """Have requests reach replicas through proxies that stand before them, or directly again for None.

        Raises:
            UsageError: Istio's proxy goes to the replicas itself.
            EnvironmentFault: the proxy does not act on it; it goes on as before.
        """
        if way is not None and self._own is None:
            raise UsageError(
                f"{self._sidecar.name} goes to the replicas itself: nothing can stand before them",
                where="stack.capture",
                mend="leave out istio_proxy for this: the rules then act in gonogo's own sidecar",
            )
        with self._lock:
            before, self.way = self.way, way
            try:
                self.refresh()
            except BaseException:
                self.way = before
                raise

    def sample(self) -> ReplicaSample | None:
        """What the sidecar has used since its start; None of Istio's proxy, of which it is not seen."""
        used = self._sidecar.sample()
        if used is None:
            return None
        self._peak = max(self._peak, used.rss)
        return ReplicaSample(NAME, used.cpu_s, used.rss, self._peak, throttled_s=None, restarts=0)

    def reset_peak(self) -> None:
        """Start ``rss_max`` anew, at the beginning of a run."""
        self._peak = 0

    def outlet(self, service: Service, port: int) -> Address | None:
        """Return where requests for ``port`` of ``service`` enter the sidecar; None when no rule speaks for it."""
        host = Host(service.namespace, service.name)
        found = [outlet.listen for outlet in self._sidecar.outlets if (outlet.host, outlet.port) == (host, port)]
        return found[0] if found else None

    def authority(self, service: Service, port: int) -> str:
        """Return the Host header by which what carries the rules out knows ``port`` of ``service``.

        Empty for the Service's own name.
        """
        if self._own is None and isinstance(self._running, HoldsRules) and self.outlet(service, port):
            return self._running.authority(service, port)
        return ""

    def traced(self, target: Target) -> Target:
        """Return ``target`` with an id in each request by which the record of it is found again."""
        return traced(target)

    def problems(self) -> tuple[str, ...]:
        """What is wrong with the sidecar."""
        return tuple(text for text in (self._sidecar.problem, self._trouble, self._astray) if text)

    def stop(self) -> None:
        """End the sidecar; safe to call twice."""
        self._over.set()
        if self._own is not None:
            self._follower.join()
        self._sidecar.stop()
        if self.way is not None:
            self.way.stop()

    def _change(self, before: Policy, after: Policy) -> None:
        """Have the proxy act on ``after`` and the cluster hold it: both, or none."""
        planned = self._rules.plan(after) if self._rules is not None else ()
        outlets = self._outlets() if self._own is not None else ()
        self._sidecar.change(after, outlets)
        if self._rules is not None:
            try:
                self._rules.hold(planned)
            except BaseException:
                self._sidecar.change(before, outlets)
                raise

    def _outlets(self) -> tuple[Outlet, ...]:
        outlets = outlets_of(self._running)
        return outlets if self.way is None else self.way(outlets)

    def _host(self, service: str) -> Host:
        found = self._running.topology.service(service)
        return Host(found.namespace, found.name)

    def _follow(self) -> None:
        """Tell the sidecar of replicas that came or went, until the end."""
        pause = _LOOK_S
        while not self._over.wait(pause):
            begun = time.monotonic()
            try:
                with suppress(StackError):  # the stack is ending, or its supervisor is gone: problems() tells
                    self.refresh()
                self._trouble = ""
            except (EnvironmentFault, OSError) as error:
                self._trouble = f"the client's sidecar does not follow the replicas: {error}"
            pause = min(max(_LOOK_S, _CHEAP * (time.monotonic() - begun)), _SLOWEST_LOOK_S)


def _differing(before: Policy, after: Policy) -> str:
    hosts = {ruling.host for ruling in (*before.rulings, *after.rulings)}
    return ", ".join(str(host) for host in sorted(hosts) if before.of(host) != after.of(host)) or "no Service"
