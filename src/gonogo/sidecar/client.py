"""The client's sidecar as a whole: addresses of its own, a proxy, its access log, and what it has used."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from gonogo.errors import EnvironmentFault
from gonogo.manifests.findings import Finding
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.sidecar import Address, Outlet, Sidecar, SocketPath
from gonogo.sidecar.access_log import AccessLog
from gonogo.sidecar.cage import FREE, Cage
from gonogo.sidecar.envoy import EnvoyProxy
from gonogo.sidecar.nginx import NginxProxy
from gonogo.sidecar.process import Usage
from gonogo.sidecar.program import program
from gonogo.sidecar.proxy import Proxy
from gonogo.sidecar.slot import claim_slot

__all__ = ["ClientSidecar"]

_BUILDERS: Final[Mapping[str, Callable[..., Proxy]]] = {"envoy": EnvoyProxy, "nginx": NginxProxy}


class ClientSidecar:
    """A running sidecar. Any thread may change it; changes come one after the other.

    Args:
        proxy: ``envoy`` or ``nginx``.
        policy: the rules.
        outlets: every port of every Service that it may reach; those of ``policy`` get addresses to listen on.
        folder: for configuration, output and access log; it is made.
        workers: threads or processes that serve.
        cores: CPUs that it may use; empty: all.
        cage: control groups that hold it.

    Raises:
        SettingsError: there is no such proxy.
        MissingPart: the proxy is not installed.
        EnvironmentFault: it does not start, or its ports are taken.
    """

    def __init__(
        self,
        proxy: str,
        policy: Policy,
        outlets: Sequence[Outlet],
        *,
        folder: Path,
        workers: int = 1,
        cores: tuple[int, ...] = (),
        cage: Cage = FREE,
    ) -> None:
        program(proxy)
        self._lock = threading.Lock()
        self._slot = claim_slot(os.getpid())
        # The path of a unix socket may have 107 bytes, which a folder of the user's may exceed.
        short = Path(tempfile.mkdtemp(prefix="gonogo-sidecar-"))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            folder = folder.resolve()
            self._addresses = self._listening(outlets)
            self.policy = policy
            self.log = AccessLog(folder / "access.json")
            self._sidecar = Sidecar(
                self._placed(policy, outlets),
                admin=SocketPath(str(short / "admin.sock")),
                access_log=str(self.log.path),
                workers=workers,
            )
            self._proxy = _BUILDERS[proxy](policy, self._sidecar, folder=folder, short=short, cores=cores, cage=cage)
        except BaseException:
            self._slot.close()
            shutil.rmtree(short, ignore_errors=True)
            raise
        self._stopped = False

    @property
    def name(self) -> str:
        """What people call the proxy, with its version."""
        return self._proxy.name

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What of the rules the proxy does not carry out."""
        return self._proxy.findings

    @property
    def outlets(self) -> tuple[Outlet, ...]:
        """What it reaches now."""
        return self._sidecar.outlets

    @property
    def problem(self) -> str:
        """Why it does not serve any more; empty while it does, and when it was stopped."""
        process = self._proxy.process
        if self._stopped or not process.ended:
            return ""
        return (
            f"the client's sidecar ({self.name}) ended (status {process.status}): {process.said() or 'without a word'}"
        )

    @property
    def pid(self) -> int:
        """Process id of what keeps the proxy."""
        return self._proxy.process.pid

    def change(self, policy: Policy, outlets: Sequence[Outlet]) -> None:
        """Act on other rules or replicas from now on, without losing a request.

        Raises:
            EnvironmentFault: the proxy refuses them, has ended or does not act in time; it goes on as before.
        """
        with self._lock:
            if self._stopped:
                raise EnvironmentFault("the sidecar has been stopped")
            sidecar = replace(self._sidecar, outlets=self._placed(policy, outlets))
            if (policy, sidecar) == (self.policy, self._sidecar):
                return
            self._proxy.change(policy, sidecar)
            self._sidecar, self.policy = sidecar, policy

    def sample(self) -> Usage:
        """What it has used since its start."""
        return self._proxy.process.sample()

    def stop(self) -> None:
        """End it; safe to call twice."""
        with self._lock:
            self._stopped = True
            self._proxy.process.stop()
            self._slot.close()

    def _listening(self, outlets: Sequence[Outlet]) -> dict[tuple[str, int], Address]:
        hosts = list(dict.fromkeys(outlet.host for outlet in outlets))
        return {
            (str(outlet.host), outlet.port): self._slot.address(hosts.index(outlet.host) + 1, outlet.port)
            for outlet in outlets
        }

    def _placed(self, policy: Policy, outlets: Sequence[Outlet]) -> tuple[Outlet, ...]:
        ruled = {ruling.host for ruling in policy.rulings}
        return tuple(
            replace(
                outlet, listen=self._addresses.get((str(outlet.host), outlet.port)) if outlet.host in ruled else None
            )
            for outlet in outlets
        )
