"""Where requests go: a Service's port or a subset of its replicas, with a weight or as a copy."""

from __future__ import annotations

from dataclasses import dataclass

from gonogo.errors import UsageError
from gonogo.manifests.host import Host
from gonogo.mesh.policy.header import UNCHANGED, HeaderChange

__all__ = ["Destination", "Mirror", "Weighted"]


@dataclass(frozen=True, slots=True)
class Destination:
    """The replicas of a Service, or those of one subset.

    Attributes:
        port: the Service's; None is its only port or else the one at which the request arrived.
        subset: empty for all replicas.
    """

    host: Host
    port: int | None = None
    subset: str = ""

    def __str__(self) -> str:
        return f"{self.host}" + (f":{self.port}" if self.port else "") + (f" ({self.subset})" if self.subset else "")


@dataclass(frozen=True, slots=True)
class Weighted:
    """A destination and its part of the requests.

    Attributes:
        weight: in proportion to the other weights of the route; of no meaning where there is only one.
    """

    destination: Destination
    weight: int = 100
    request: HeaderChange = UNCHANGED
    response: HeaderChange = UNCHANGED

    def __post_init__(self) -> None:
        if self.weight < 0:
            raise UsageError(f"the weight {self.weight} is below 0", mend="give 0 or more")


@dataclass(frozen=True, slots=True)
class Mirror:
    """A destination that gets copies of a share of the requests; nobody sees its answers."""

    destination: Destination
    share: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise UsageError(f"the share {self.share} is outside 0 to 1", mend="give a share from 0 to 1")
