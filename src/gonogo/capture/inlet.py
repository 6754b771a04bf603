"""An inlet: where a capturing proxy takes the requests for one replica."""

from __future__ import annotations

from dataclasses import dataclass, field

from gonogo.errors import UsageError
from gonogo.mesh.sidecar import Address

__all__ = ["MOST_KEPT_BYTES", "Inlet", "Scope"]

MOST_KEPT_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Inlet:
    """One replica's place in a capturing proxy.

    Attributes:
        listen: where the proxy takes requests for the replica.
        replica: where the replica takes them itself.
    """

    listen: Address
    replica: Address

    def __post_init__(self) -> None:
        if not self.listen.loopback:
            raise UsageError(
                f"a capturing proxy would listen on {self.listen}, where others reach it",
                mend="give a loopback address",
            )
        if self.listen == self.replica:
            raise UsageError(
                f"proxy and replica would both listen on {self.listen}", mend="give the proxy its own port"
            )


@dataclass(frozen=True, slots=True)
class Scope:
    """What is kept of each request.

    Attributes:
        kept_bytes: so much of each body; what is longer is cut, and its whole length is kept beside it.
        headers: request headers that are kept, by the name of their column, such as ``{"user_id": "x-user-id"}``.
    """

    kept_bytes: int = 64 << 10
    headers: tuple[tuple[str, str], ...] = field(default=(("user_id", "x-user-id"),))

    def __post_init__(self) -> None:
        if not 0 < self.kept_bytes <= MOST_KEPT_BYTES:
            raise UsageError(
                f"{self.kept_bytes} bytes of each body", where="capture", mend=f"keep 1 to {MOST_KEPT_BYTES} bytes"
            )
        for column, header in self.headers:
            # Both stand in Envoy's format strings, where a percent sign or a bracket means something.
            if not column.isidentifier() or not header.replace("-", "").replace("_", "").isalnum():
                raise UsageError(
                    f"{column!r} cannot be filled from the header {header!r}",
                    where="capture",
                    mend="write as in user_id and x-user-id",
                )
