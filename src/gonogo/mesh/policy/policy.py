"""The traffic policy of a stack: what is ruled for each of its Services."""

from __future__ import annotations

from dataclasses import dataclass

from gonogo.manifests.host import Host
from gonogo.mesh.policy.ruling import Ruling

__all__ = ["Policy"]


@dataclass(frozen=True, slots=True)
class Policy:
    """What traffic rules say, Service by Service.

    Attributes:
        rulings: one for each Service that a rule speaks for, in order of namespace and name.
        rules: the objects that were read, such as ``VirtualService shadow-ab/iris``.
    """

    rulings: tuple[Ruling, ...] = ()
    rules: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.rulings)

    def of(self, host: Host) -> Ruling:
        """Return what is ruled for a Service; nothing when no rule speaks for it."""
        return next((ruling for ruling in self.rulings if ruling.host == host), Ruling(host))
