"""Traffic rules that the platform holds as objects: a change of the policy is written there, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gonogo.manifests.document import Document
from gonogo.mesh.amendment import amended
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.policy.ruling import Ruling
from gonogo.mesh.reading import read
from gonogo.platforms.interface import HoldsRules, RunningStack

__all__ = ["WrittenRules", "written_rules_of"]


class WrittenRules:
    """Rules that stand in the manifests, and as objects on the platform.

    Args:
        holder: holds them.
        documents: the manifests.
        namespace: the client's, as in :func:`gonogo.mesh.reading.read`.
    """

    def __init__(self, holder: HoldsRules, documents: Sequence[Document], namespace: str) -> None:
        self._holder = holder
        self._declared = self._documents = tuple(documents)
        self._namespace = namespace
        self.names = holder.held_rules()

    def plan(self, policy: Policy) -> tuple[Document, ...]:
        """Return the manifests as they would declare ``policy``; what the platform does not hold is left out.

        Raises:
            UsageError: an object has no field for the change.
        """
        present = read(self._documents, namespace=self._namespace)
        held = tuple(self._held(present.of(ruling.host), ruling) for ruling in policy.rulings)
        if read(self._declared, namespace=self._namespace).rulings == held:
            return self._declared
        return amended(self._documents, replace(policy, rulings=held), namespace=self._namespace)

    def hold(self, documents: Sequence[Document]) -> None:
        """Have the platform hold what :meth:`plan` returned; returns when it does.

        Raises:
            EnvironmentFault: it does not; everything is as it was.
        """
        pairs = zip(self._documents, documents, strict=True)
        self._holder.amend_rules([after.body for before, after in pairs if after is not before])
        self._documents = tuple(documents)

    def _held(self, present: Ruling, wanted: Ruling) -> Ruling:
        """Return ``wanted`` with what no object on the platform declares as it is at present."""
        routed = {route.origin.object for route in present.routes or () if route.origin}
        if routed and not routed & self.names:
            wanted = replace(wanted, routes=present.routes)
        if present.origin is not None and present.origin.object not in self.names:
            wanted = replace(wanted, traffic=present.traffic, ports=present.ports, subsets=present.subsets)
        return wanted


def written_rules_of(running: RunningStack, namespace: str) -> WrittenRules | None:
    """Return the rules that the platform of ``running`` holds; None where it holds none."""
    if not isinstance(running, HoldsRules) or not running.held_rules():
        return None
    documents = [each for each in running.topology.documents if isinstance(each, Document)]
    return WrittenRules(running, documents, namespace)
