"""Names of Services as traffic rules write them: ``iris``, ``iris.shadow-ab.svc.cluster.local``.

Istio takes a name without a dot for a Service of the rule's own namespace and any other name as it stands:
https://istio.io/latest/docs/reference/config/networking/virtual-service/#Destination
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["Host", "resolve"]

_DOMAIN: Final = ".svc.cluster.local"


@dataclass(frozen=True, slots=True, order=True)
class Host:
    """A Service by namespace and name."""

    namespace: str
    name: str

    @property
    def full(self) -> str:
        """The name that every namespace understands."""
        return f"{self.name}.{self.namespace}{_DOMAIN}"

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


def resolve(text: str, namespace: str) -> Host | None:
    """Return the Service that ``text`` names in a rule of ``namespace``; None when it can name none."""
    if not text or "*" in text:
        return None
    if "." not in text:
        return Host(namespace, text)
    name, dot, owner = text.removesuffix(_DOMAIN).partition(".")
    return Host(owner, name) if text.endswith(_DOMAIN) and dot and owner and "." not in owner else None
