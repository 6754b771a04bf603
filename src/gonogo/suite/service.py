"""One Service of a running stack, as a suite sees it: to aim at, to talk to, to hurt."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

import httpx

from gonogo.errors import UsageError
from gonogo.load.target import Target
from gonogo.manifests.topology import Service
from gonogo.platforms.interface import Endpoint, Replica
from gonogo.suite.aim import Aim
from gonogo.suite.client import AsyncSpreadingTransport, SpreadingTransport
from gonogo.suite.faults import Injected

__all__ = ["ServiceHandle"]


class ServiceHandle:
    """One Service of a running stack."""

    def __init__(self, service: Service, aim: Aim, injected: Injected) -> None:
        self.service = service
        self._aim = aim
        self._injected = injected

    def __repr__(self) -> str:
        return f"<{self.service}>"

    @property
    def replicas(self) -> tuple[Replica, ...]:
        """The replicas behind the Service, ready or not."""
        return self._aim.running.replicas(f"{self.service.namespace}/{self.service.name}")

    def endpoints(self, port: int | str | None = None) -> tuple[Endpoint, ...]:
        """Addresses of the ready replicas behind ``port`` (the first one when None)."""
        return self._aim.running.endpoints(self.service, port)

    def url(self, path: str = "/", port: int | str | None = None) -> str:
        """Return the URL of ``path`` by the Service's own name, as a Host header and reports show it."""
        if not path.startswith("/"):
            raise UsageError(f"path {path!r} is not absolute", where=str(self.service), mend="begin it with /")
        return f"http://{self.service.name}.{self.service.namespace}:{self._port(port)}{path}"

    def target(  # noqa: PLR0913 - keyword-only options that suites write
        self,
        method: str,
        path: str,
        *,
        port: int | str | None = None,
        json: object = None,
        body: bytes | str = b"",
        headers: Mapping[str, str] | None = None,
        expect: object = None,
        weight: float = 1.0,
        name: str = "",
        extract: Mapping[str, str] | None = None,
        data: object = None,
        users: int = 1000,
        size: object = None,
        direct: bool = False,
    ) -> Target:
        """Return a target on this Service.

        Requests go through the client's sidecar where traffic rules speak for the Service; else connections spread over
        its ready replicas.

        Args:
            method: HTTP method.
            path: absolute path, with a query if there is one.
            port: number or name of a port of the Service; None: the first.
            json: sent as JSON, with its content type.
            body: sent as it is.
            headers: further headers.
            expect: what an answer must be to be a success; see docs/load.md.
            weight: share of the requests, relative to the other targets of a run.
            name: what criteria and reports call it; ``METHOD /path`` by default.
            extract: fields of the answers that become columns, such as ``{"mode": "$.mode"}``.
            data: rows for ``{row.NAME}``: a list of mappings, or the path of a .csv or .jsonl file.
            users: how many users ``{user}`` tells apart.
            size: sizes of ``{filler}``, such as ``"1KiB..64KiB"``.
            direct: go past the client's sidecar, so that traffic rules do not act.
        """
        target = Target.build(
            method,
            self.url(path, port),
            json=json,
            body=body,
            headers=headers,
            expect=expect,
            weight=weight,
            name=name,
            extract=extract,
            data=data,
            users=users,
            size=size,
        )
        return self._aim.aimed(target, self.service, self._port(port), direct=direct)

    def client(self, *, port: int | str | None = None, timeout_s: float = 10.0, direct: bool = False) -> httpx.Client:
        """Return an httpx client whose requests take turns over the ready replicas. Close it, or use it in ``with``.

        Where traffic rules speak for the Service, requests go through the client's sidecar unless ``direct``.
        """
        transport = SpreadingTransport(lambda: self._ways(port, direct=direct))
        headers = self._host(port, direct=direct)
        return httpx.Client(base_url=self._base(port), transport=transport, timeout=timeout_s, headers=headers)

    def async_client(
        self, *, port: int | str | None = None, timeout_s: float = 10.0, direct: bool = False
    ) -> httpx.AsyncClient:
        """Return the asynchronous client, likewise."""
        transport = AsyncSpreadingTransport(lambda: self._ways(port, direct=direct))
        headers = self._host(port, direct=direct)
        return httpx.AsyncClient(base_url=self._base(port), transport=transport, timeout=timeout_s, headers=headers)

    def kill(self, ordinal: int = 0) -> Replica:
        """Kill one of the replicas behind the Service with SIGKILL and return what it was.

        Raises:
            UsageError: there is no replica of that ordinal.
        """
        replica = self._replica(ordinal)
        self._injected.kill(replica.name)
        return replica

    def pause(self, ordinal: int = 0) -> Replica:
        """Make one of the replicas behind the Service hang and return what it was.

        Its connections stay, and nothing answers.

        Raises:
            UsageError: there is no replica of that ordinal, or the platform cannot hold one where it stands.
        """
        replica = self._replica(ordinal)
        self._injected.pause(replica.name)
        return replica

    def resume(self, ordinal: int = 0) -> Replica:
        """Let a paused replica behind the Service go on and return what it was.

        Raises:
            UsageError: there is no replica of that ordinal, or the platform cannot hold one where it stands.
        """
        replica = self._replica(ordinal)
        self._injected.resume(replica.name)
        return replica

    def _replica(self, ordinal: int) -> Replica:
        replicas = self.replicas
        if not 0 <= ordinal < len(replicas):
            raise UsageError(f"replica {ordinal} of {len(replicas)}", where=str(self.service), mend="count from 0")
        return replicas[ordinal]

    def _ways(self, port: int | str | None, *, direct: bool) -> tuple[Endpoint, ...]:
        return self.endpoints(port) if direct else self._aim.ways(self.service, self._port(port))

    def _host(self, port: int | str | None, *, direct: bool) -> Mapping[str, str]:
        named = "" if direct else self._aim.authority(self.service, self._port(port))
        return {"Host": named} if named else {}

    def _base(self, port: int | str | None) -> str:
        return urlunsplit(urlsplit(self.url("/", port))._replace(path=""))

    def _port(self, port: int | str | None) -> int:
        for declared in self.service.ports:
            if port in (None, declared.port, declared.name):
                return declared.port
        known = ", ".join(f"{one.port} {one.name}".strip() for one in self.service.ports)
        raise UsageError(f"it has no port {port!r}", where=str(self.service), mend=f"it declares {known}")
