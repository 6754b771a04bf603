"""What a route does with a request: forward it, send the client elsewhere, or answer at once."""

from __future__ import annotations

from dataclasses import dataclass

from gonogo.errors import UsageError
from gonogo.mesh.policy.balancer import HashKey
from gonogo.mesh.policy.destination import Mirror, Weighted

__all__ = ["Action", "Answer", "Forward", "Redirect", "Retries", "Rewrite"]


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a request that failed is sent again.

    Attributes:
        attempts: retries, the first try not counted; 0 is never.
        per_try_timeout_s: None is the route's own timeout.
        on: conditions in Envoy's words, such as ``connect-failure``; empty is Istio's default.
        statuses: answers that are retried, beside ``on``.
    """

    attempts: int = 2
    per_try_timeout_s: float | None = None
    on: tuple[str, ...] = ()
    statuses: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What of the path and the Host header is changed before a request is forwarded.

    Attributes:
        prefix: replaces what the route's ``uri`` matched; None leaves it.
        full: replaces the whole path; None leaves it.
        pattern: regular expression whose matches in the path are replaced by ``substitution``; empty for none.
        authority: the Host header; empty leaves it.
    """

    prefix: str | None = None
    full: str | None = None
    pattern: str = ""
    substitution: str = ""
    authority: str = ""


@dataclass(frozen=True, slots=True)
class Forward:
    """Send the request to one of several destinations.

    Attributes:
        timeout_s: until the whole answer is there; None or 0 is no limit.
        retries: None is Istio's default for every route.
        sticky: requests with the same value of it go to the same destination as long as its weight allows; None
            draws one for every request.
    """

    to: tuple[Weighted, ...]
    mirrors: tuple[Mirror, ...] = ()
    timeout_s: float | None = None
    retries: Retries | None = None
    rewrite: Rewrite | None = None
    sticky: HashKey | None = None

    def __post_init__(self) -> None:
        if not self.to:
            raise UsageError("a route forwards to no destination", mend="name at least one")


@dataclass(frozen=True, slots=True)
class Redirect:
    """Send the client elsewhere.

    Attributes:
        path: replaces the path; None leaves it.
        prefix: replaces what the route's ``uri`` matched; None leaves it.
        authority, scheme: empty leaves them.
        port: None is the scheme's own.
        keep_port: the port at which the request arrived, in place of ``port``.
    """

    path: str | None = None
    prefix: str | None = None
    authority: str = ""
    scheme: str = ""
    port: int | None = None
    keep_port: bool = False
    status: int = 301


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer without asking any Service."""

    status: int
    body: bytes = b""


Action = Forward | Redirect | Answer
