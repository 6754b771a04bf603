"""What manifests declare, read and checked, for everything that is built from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

from gonogo.errors import ManifestError
from gonogo.manifests import build, check, reader, traffic
from gonogo.manifests.findings import Finding, Severity
from gonogo.manifests.topology import Topology
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.reading import read as read_policy
from gonogo.sidecar.order import SidecarOrder, read_order

__all__ = ["Declared", "order_sidecar", "read_manifests", "read_topology"]


_RULES: Final = frozenset({"DestinationRule", "VirtualService", "HTTPRoute"})


@dataclass(frozen=True, slots=True)
class Declared:
    """What manifests declare.

    Attributes:
        findings: what there is to say about them.
        policy: their traffic rules, as the client's sidecar carries them out.
        dormant: a notice for every traffic rule, for a stack in which none of them acts.
        files: that were read.
    """

    topology: Topology
    findings: tuple[Finding, ...]
    policy: Policy
    dormant: tuple[Finding, ...]
    files: tuple[Path, ...]

    @property
    def client_namespace(self) -> str:
        """The namespace of the load's own Pod; empty where there is none, or several."""
        return _client_namespace(self.topology)

    def require_rules(self) -> None:
        """Refuse traffic rules that contradict themselves or lead nowhere, before anything starts.

        Raises:
            ManifestError: names all of them.
        """
        wrong = [
            finding
            for finding in self.findings
            if finding.severity is Severity.ERROR and finding.object.partition(" ")[0] in _RULES
        ]
        if wrong:
            first, *others = wrong
            more = "".join(f"; {finding.source}: {finding.object}: {finding.consequence}" for finding in others)
            raise ManifestError(
                f"{first.object} {first.field}: {first.consequence}{more}", where=str(first.source), mend=first.mend
            )


def read_manifests(paths: Sequence[Path | str], *, stdin: TextIO | None = None) -> Declared:
    """Return what the manifests at ``paths`` declare.

    Raises:
        ManifestError: they cannot be read, or declare what cannot run.
    """
    documents = reader.read(paths, stdin=stdin)
    if not documents:
        raise ManifestError(
            "no manifests found", where=", ".join(map(str, paths)), mend="name a file or folder of YAML"
        )
    files = tuple({Path(document.source.file) for document in documents if document.source.file != "-"})
    topology = build.topology(documents).require()
    return Declared(
        topology,
        check.check(documents),
        read_policy(documents, namespace=_client_namespace(topology)),
        traffic.not_acting(documents, "this stack"),
        files,
    )


def read_topology(
    paths: Sequence[Path | str], *, stdin: TextIO | None = None
) -> tuple[Topology, tuple[Finding, ...], tuple[Path, ...]]:
    """Return what the manifests at ``paths`` declare, every finding on them, and the files that were read.

    Raises:
        ManifestError: they cannot be read, or declare what cannot run.
    """
    declared = read_manifests(paths, stdin=stdin)
    return declared.topology, (*declared.findings, *declared.dormant), declared.files


def order_sidecar(declared: Declared) -> SidecarOrder:
    """Return what the manifests order for the client's sidecar; none is wanted where no traffic rule stands.

    Raises:
        ManifestError: the rules, or an annotation, cannot be used.
    """
    if not declared.policy:
        return SidecarOrder(wanted=False)
    orders = [
        read_order(one.annotations, where=f"Pod {one.namespace}/{one.name}") for one in declared.topology.generators
    ]
    chosen = next((order for order in orders if order.wanted), SidecarOrder(wanted=not orders))
    if chosen.wanted:
        declared.require_rules()
    return chosen


def _client_namespace(topology: Topology) -> str:
    clients = {one.namespace for one in topology.generators}
    return clients.pop() if len(clients) == 1 else ""
