"""What the client gets instead of the proxy's bare 503 when the breaker turns a request away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gonogo.errors import UsageError

__all__ = ["DEFERRABLE", "Rejection"]

DEFERRABLE: Final = ("POST", "PUT")
"""Methods of requests that can be answered later."""

_STATUSES: Final = range(400, 600)


@dataclass(frozen=True, slots=True)
class Rejection:
    """The breaker's answer.

    Attributes:
        retry_after_s: whole seconds in the Retry-After header; None leaves it out.
    """

    status: int = 503
    body: str = ""
    content_type: str = "text/plain"
    retry_after_s: int | None = None

    def __post_init__(self) -> None:
        if self.status not in _STATUSES:
            raise UsageError(f"the status {self.status} says no rejection", mend="give one from 400 to 599")
