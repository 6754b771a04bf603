"""What names mean inside a stack: Services by their names, ports by theirs, and who needs a forwarder. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from gonogo.errors import ManifestError
from gonogo.manifests.topology import Service, Topology, Workload
from gonogo.platforms.process.addresses import AddressPlan, replica_name
from gonogo.platforms.process.rewrite import POD_HOSTS, Rewriter
from gonogo.platforms.process.spec import Backend, ForwardSpec, Listener

__all__ = ["Naming", "Teller", "container_port"]


def container_port(port: int | str, workload: Workload, where: str) -> int:
    """Return the number of a port given as number or as the name of a container port.

    Raises:
        ManifestError: no container of ``workload`` has a port of that name.
    """
    if isinstance(port, int):
        return port
    for container in workload.containers:
        for declared in container.ports:
            if declared.name == port:
                return declared.container_port
    known = ", ".join(each.name for c in workload.containers for each in c.ports if each.name) or "none"
    raise ManifestError(
        f"{workload} has no port called {port!r}", where=where, mend=f"its containers name the ports: {known}"
    )


class Naming:
    """The names of one stack.

    Args:
        topology: what runs.
        addresses: where.
    """

    def __init__(self, topology: Topology, addresses: AddressPlan) -> None:
        self._topology = topology
        self._addresses = addresses

    def _direct(self, service: Service) -> bool:
        """Whether a Service's name may stand for its only replica: one replica, and every port the same behind it."""
        behind = self._topology.behind(service)
        return sum(self._topology.most_replicas(workload) for workload in behind) == 1 and all(
            container_port(port.target_port, workload, str(service.source)) == port.port
            for workload in behind
            for port in service.ports
        )

    def _target(self, service: Service) -> str:
        if self._direct(service):
            (workload,) = (each for each in self._topology.behind(service) if each.replicas)
            return self._addresses.replicas[replica_name(workload, 0)]
        return self._addresses.service(service)

    def services(self, namespace: str) -> dict[str, tuple[str, str]]:
        """Return what every name means in a Pod of ``namespace``: the Service's namespace and name."""
        names: dict[str, tuple[str, str]] = {}
        for service in self._topology.services:
            key = (service.namespace, service.name)
            dotted = f"{service.name}.{service.namespace}"
            names |= dict.fromkeys((dotted, f"{dotted}.svc", f"{dotted}.svc.cluster.local"), key)
        own = {
            each.name: (each.namespace, each.name) for each in self._topology.services if each.namespace == namespace
        }
        return names | own

    def rewriter(self, workload: Workload, address: str, paths: Mapping[str, str]) -> Rewriter:
        """Return what rewrites the texts of a container.

        Args:
            workload: whose container it is.
            address: of its replica.
            paths: mount path to folder or file on this machine.
        """
        targets = {(each.namespace, each.name): self._target(each) for each in self._topology.services}
        names = self.services(workload.namespace)
        return Rewriter(
            hosts={**dict.fromkeys(POD_HOSTS, address), **{name: targets[key] for name, key in names.items()}},
            hinted=frozenset(name for name, (space, own) in names.items() if name in (own, f"{own}.{space}")),
            paths={path: folder for path, folder in paths.items() if path != "/"},
        )

    def forwards(self, called: Collection[tuple[str, str]]) -> Iterator[ForwardSpec]:
        """Return a forwarder for every Service that something in the stack calls, unless its name leads straight on."""
        for service in self._topology.services:
            behind = self._topology.behind(service)
            if (service.namespace, service.name) not in called or not behind or self._direct(service):
                continue
            yield ForwardSpec(
                service=f"{service.namespace}/{service.name}",
                address=self._addresses.service(service),
                listeners=tuple(
                    Listener(
                        port.port,
                        tuple(
                            Backend(
                                replica_name(workload, ordinal),
                                self._addresses.replicas[replica_name(workload, ordinal)],
                                container_port(port.target_port, workload, str(service.source)),
                            )
                            for workload in behind
                            for ordinal in range(self._topology.most_replicas(workload))
                        ),
                    )
                    for port in service.ports
                    if port.protocol == "TCP"
                ),
            )


class Teller:
    """Rewrites what one container is told, and remembers which Services it named."""

    def __init__(self, rewriter: Rewriter, names: Mapping[str, tuple[str, str]]) -> None:
        self._rewriter = rewriter
        self._names = names
        self.services: set[tuple[str, str]] = set()
        self.left: list[str] = []

    def tell(self, text: str, key: str = "") -> str:
        """Return ``text`` as this machine needs it."""
        rewritten = self._rewriter.apply(text, key)
        self.services |= {self._names[host] for host in rewritten.hosts if host in self._names}
        self.left += [
            f"{key}={name} was left as it is, although a Service has that name"
            f" (write {name}:PORT or {name}.NAMESPACE.svc to mean it)"
            for name in sorted(rewritten.left)
            if key and name == text
        ]
        return rewritten.text

    def words(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """Return a command line's words, each under the flag before it."""
        keys = ("", *(word if word.startswith("-") else "" for word in words))
        return tuple(self.tell(word, key) for word, key in zip(words, keys, strict=False))
