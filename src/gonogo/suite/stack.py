"""The stack as a suite sees it: Services to aim at and to talk to, replicas to look at and to kill."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit

import httpx

from gonogo.capture.inlet import Scope
from gonogo.capture.reading import Reading
from gonogo.errors import StackError, TargetError, UsageError
from gonogo.load.expect import expectation
from gonogo.load.target import Target
from gonogo.load.target_file import read_targets
from gonogo.manifests.topology import Generator, Service, Topology
from gonogo.platforms.interface import Endpoint, HostsGenerator, Replica, RunningStack
from gonogo.suite.autoscaling import ActingAutoscalers
from gonogo.suite.client import AsyncSpreadingTransport, SpreadingTransport
from gonogo.suite.faults import Fault, Injected
from gonogo.suite.jobs import CronJobHandle, JobHandle, JobTable, cron_jobs_of, jobs_of
from gonogo.suite.parity import Capture, LogOption, capture_of
from gonogo.suite.traffic import Traffic

__all__ = ["GeneratorHandle", "ServiceHandle", "Stack"]


class Stack:
    """A running stack: ``stack["iris-svc"]`` is a Service, ``stack.generator()`` the load's own Pod.

    Args:
        running: the stack on its platform.
        on_fault: called before a fault is injected, since a hurt stack serves no other test.
        traffic: the traffic rules that act, carried out by the client's sidecar; None where none do.
        scaling: what carries out the autoscalers; None where there are none.
        inside: load is sent from within it.
    """

    def __init__(
        self,
        running: RunningStack,
        on_fault: Callable[[str], None] = lambda _: None,
        traffic: Traffic | None = None,
        scaling: ActingAutoscalers | None = None,
        *,
        inside: bool = False,
    ) -> None:
        self._inside = inside
        self.running = running
        self.scaling = scaling
        self._injected = Injected(running, on_fault)
        self.sidecar = traffic

    @property
    def topology(self) -> Topology:
        """What the manifests declare."""
        return self.running.topology

    def __getitem__(self, service: str) -> ServiceHandle:
        """Return the Service called ``name`` or ``namespace/name``.

        Raises:
            UsageError: no Service, or more than one, has that name.
        """
        return ServiceHandle(self, self.topology.service(service))

    @property
    def traffic(self) -> Traffic:
        """The traffic rules that act, to be changed under load; see :class:`gonogo.suite.traffic.Traffic`.

        Raises:
            UsageError: none act: the manifests declare none, or have the generator without a sidecar.
        """
        if self.sidecar is None:
            raise UsageError(
                "no traffic rules act on this stack",
                where="stack.traffic",
                mend="declare a DestinationRule, VirtualService or HTTPRoute for one of its Services, and do not"
                ' annotate the generator Pod with sidecar.istio.io/inject: "false"',
            )
        return self.sidecar

    def capture(
        self,
        service: str,
        *,
        answer: str = "prediction",
        input: str = "data",  # noqa: A002 - the word for it
        labels: Sequence[str] = (),
        columns: Sequence[str] = (),
        scope: Scope | None = None,
        log: LogOption = None,
    ) -> Capture:
        """Capture from now on what the replicas behind ``service`` are asked and answer, copies for a shadow included.

        Runs get both sides' answers as columns, for criteria such as ``parity.agreement >= 97%``; the answers
        themselves are kept in the judgment's warehouse. Called again, it returns the capture that goes on.

        Args:
            service: name or ``namespace/name``.
            answer: path of the prediction in the answers' JSON, such as ``prediction`` or ``outputs.0.data``.
            input: path of the rows in the requests' JSON.
            labels: names of the classes, in the order of the scores.
            columns: names of the values of a row, in order; slices are searched by them.
            scope: how much of each body, and which headers, are kept.
            log: read the service's own log of predictions in place of an Envoy's: None where its Pods are annotated
                ``gonogo.dev/prediction-log``, False never, True or paths of its fields always.

        Raises:
            UsageError: no traffic rules act, or the Service is captured in another way.
        """
        traffic, found = self.traffic, self.topology.service(service)
        reading = Reading(answer=answer, input=input, labels=tuple(labels), columns=tuple(columns))
        return capture_of(traffic, self.running, found, reading, scope or Scope(), log)

    @property
    def jobs(self) -> JobTable[JobHandle]:
        """The Jobs of the manifests: ``stack.jobs["batch"].run()``."""
        return jobs_of(self.running)

    @property
    def cron_jobs(self) -> JobTable[CronJobHandle]:
        """The CronJobs of the manifests: ``stack.cron_jobs["batch"].run()``."""
        return cron_jobs_of(self.running)

    def replicas(self) -> tuple[Replica, ...]:
        """All replicas of the stack, in order of name."""
        return self.running.replicas()

    def generator(self, name: str = "") -> GeneratorHandle:
        """Return the Pod annotated ``gonogo.dev/role: generator``, by name when there are several.

        Raises:
            UsageError: there is none, or several and no name was given.
        """
        found = [one for one in self.topology.generators if name in ("", one.name)]
        if len(found) == 1:
            return GeneratorHandle(self, found[0])
        known = ", ".join(one.name for one in self.topology.generators) or "none"
        raise UsageError(
            f"no generator Pod is called {name!r}" if name else f"{len(found)} generator Pods are declared",
            mend=f"the manifests annotate with gonogo.dev/role: generator: {known}",
        )

    def kill(self, replica: str) -> None:
        """Kill every process of ``replica`` (``namespace/workload/ordinal``) with SIGKILL."""
        self._injected.kill(replica)
        if self.sidecar is not None:
            self.sidecar.refresh()

    def pause(self, replica: str) -> None:
        """Make ``replica`` (``namespace/workload/ordinal``) hang: its connections stay, and nothing answers.

        Raises:
            UsageError: there is no such replica, or the platform cannot hold one where it stands.
        """
        self._injected.pause(replica)

    def resume(self, replica: str) -> None:
        """Let ``replica`` go on from where it was paused.

        Raises:
            UsageError: there is no such replica, or the platform cannot hold one where it stands.
        """
        self._injected.resume(replica)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What was done to the stack on purpose, in order."""
        return self._injected.done

    def resolve(self, target: Target, *, direct: bool = False) -> Target:
        """Return ``target`` aimed at its Service when its host is one of the stack's, else unchanged.

        Requests to a Service that traffic rules speak for go through the client's sidecar; others, and those of a
        ``direct`` target, to the ready replicas.

        Raises:
            TargetError: the host is a Service that has no such port.
            StackError: no replica of the Service is ready.
        """
        parts = urlsplit(target.url)
        service = self._named(parts.hostname or "")
        if service is None:
            return target
        port = parts.port or (443 if parts.scheme == "https" else 80)
        if port not in {declared.port for declared in service.ports}:
            declared_ports = ", ".join(str(declared.port) for declared in service.ports)
            raise TargetError(f"{service} has no port {port}", where=target.url, mend=f"it declares {declared_ports}")
        return self.aimed(target, service, port, direct=direct)

    def aimed(self, target: Target, service: Service, port: int, *, direct: bool = False) -> Target:
        """Return ``target`` aimed at ``port`` of ``service``: through the sidecar where rules speak for it."""
        if self.sidecar is not None and not direct and (way := self.sidecar.outlet(service, port)):
            named = self._named_for_rules(target.headers, service, port)
            return self.sidecar.traced(replace(target, endpoints=((way.ip, way.port),), headers=named))
        return replace(target, endpoints=_addresses(self._replicas_behind(service, port)))

    def _replicas_behind(self, service: Service, port: int | None = None) -> tuple[Endpoint, ...]:
        """Addresses of the ready replicas behind ``service``, from where the load is sent."""
        if self._inside and isinstance(self.running, HostsGenerator):
            return self.running.inner_endpoints(service, port)
        return self.running.endpoints(service, port)

    def asked(self, target: Target) -> str:
        """Return the Service that ``target`` asks, as ``namespace/name``; empty when it is none of the stack's."""
        service = self._named(urlsplit(target.url).hostname or "")
        return f"{service.namespace}/{service.name}" if service else ""

    def ways(self, service: Service, port: int) -> tuple[Endpoint, ...]:
        """Return where requests for ``port`` of ``service`` go: to the sidecar, or without rules to the replicas."""
        if self.sidecar is not None and (way := self.sidecar.outlet(service, port)):
            return (Endpoint(way.ip, way.port),)
        return self.running.endpoints(service, port)

    def authority(self, service: Service, port: int) -> str:
        """Return the Host header of requests to ``port`` of ``service``; empty for the Service's own name."""
        return self.sidecar.authority(service, port) if self.sidecar is not None else ""

    def _named_for_rules(
        self, headers: tuple[tuple[str, str], ...], service: Service, port: int
    ) -> tuple[tuple[str, str], ...]:
        """Return ``headers`` with the Host by which a mesh of the platform's own knows the Service, where that acts."""
        host = self.authority(service, port)
        if not host or any(name.lower() == "host" for name, _ in headers):
            return headers
        return (*headers, ("Host", host))

    def serves_at(self, host: str) -> bool:
        """Whether a ready replica of the stack has the address ``host``."""
        for service in self.topology.services:
            with suppress(StackError):
                if any(endpoint.host == host for endpoint in self._replicas_behind(service)):
                    return True
        return False

    def _named(self, host: str) -> Service | None:
        for service in self.topology.services:
            full = f"{service.name}.{service.namespace}"
            if host in (full, f"{full}.svc", f"{full}.svc.cluster.local"):
                return service
        short = [service for service in self.topology.services if service.name == host]
        return short[0] if len(short) == 1 else None


class ServiceHandle:
    """One Service of a running stack."""

    def __init__(self, stack: Stack, service: Service) -> None:
        self._stack = stack
        self.service = service

    def __repr__(self) -> str:
        return f"<{self.service}>"

    @property
    def replicas(self) -> tuple[Replica, ...]:
        """The replicas behind the Service, ready or not."""
        return self._stack.running.replicas(f"{self.service.namespace}/{self.service.name}")

    def endpoints(self, port: int | str | None = None) -> tuple[Endpoint, ...]:
        """Addresses of the ready replicas behind ``port`` (the first one when None)."""
        return self._stack.running.endpoints(self.service, port)

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
        return self._stack.aimed(target, self.service, self._port(port), direct=direct)

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
        self._stack.kill(replica.name)
        return replica

    def pause(self, ordinal: int = 0) -> Replica:
        """Make one of the replicas behind the Service hang (see :meth:`Stack.pause`) and return what it was.

        Raises:
            UsageError: there is no replica of that ordinal, or the platform cannot hold one where it stands.
        """
        replica = self._replica(ordinal)
        self._stack.pause(replica.name)
        return replica

    def resume(self, ordinal: int = 0) -> Replica:
        """Let a paused replica behind the Service go on and return what it was.

        Raises:
            UsageError: there is no replica of that ordinal, or the platform cannot hold one where it stands.
        """
        replica = self._replica(ordinal)
        self._stack.resume(replica.name)
        return replica

    def _replica(self, ordinal: int) -> Replica:
        replicas = self.replicas
        if not 0 <= ordinal < len(replicas):
            raise UsageError(f"replica {ordinal} of {len(replicas)}", where=str(self.service), mend="count from 0")
        return replicas[ordinal]

    def _ways(self, port: int | str | None, *, direct: bool) -> tuple[Endpoint, ...]:
        return self.endpoints(port) if direct else self._stack.ways(self.service, self._port(port))

    def _host(self, port: int | str | None, *, direct: bool) -> Mapping[str, str]:
        named = "" if direct else self._stack.authority(self.service, self._port(port))
        return {"Host": named} if named else {}

    def _base(self, port: int | str | None) -> str:
        return urlunsplit(urlsplit(self.url("/", port))._replace(path=""))

    def _port(self, port: int | str | None) -> int:
        for declared in self.service.ports:
            if port in (None, declared.port, declared.name):
                return declared.port
        known = ", ".join(f"{one.port} {one.name}".strip() for one in self.service.ports)
        raise UsageError(f"it has no port {port!r}", where=str(self.service), mend=f"it declares {known}")


class GeneratorHandle:
    """The Pod that describes the load generator, with the files that its ConfigMaps mount."""

    def __init__(self, stack: Stack, generator: Generator) -> None:
        self._stack = stack
        self.generator = generator

    def targets(self, path: str, *, expect: object = None) -> tuple[Target, ...]:
        """Return the targets of the target file at ``path`` in the Pod, aimed at the ready replicas of the stack.

        Args:
            path: absolute path of a file that a ConfigMap mounts into the Pod.
            expect: what every answer must be to be a success; see docs/load.md.

        Raises:
            TargetError: there is no such file, a line of it is wrong, or a host has no such port.
        """
        checks = expectation(expect)
        text = self._file(path).decode("utf-8", errors="replace")
        origin = f"Pod {self.generator.namespace}/{self.generator.name} {path}"
        read = read_targets(text, origin=origin, open_file=self._file)
        return tuple(replace(self._stack.resolve(target), expect=checks) for target in read)

    def _file(self, path: str) -> bytes:
        try:
            return self.generator.files[path]
        except KeyError:
            known = ", ".join(sorted(self.generator.files)) or "no file"
            raise TargetError(
                f"there is no file {path!r}",
                where=f"Pod {self.generator.namespace}/{self.generator.name}",
                mend=f"its ConfigMaps mount {known}",
            ) from None


def _addresses(endpoints: Sequence[Endpoint]) -> tuple[tuple[str, int], ...]:
    return tuple((endpoint.host, endpoint.port) for endpoint in endpoints)
