"""What the overflow service takes from its environment, read once and checked before anything starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from gonogo_services.environment import Environment
from gonogo_services.errors import SettingsError

__all__ = ["OverflowSettings"]

_MOST_JOBS: Final = 1_000_000
_MOST_CONCURRENT: Final = 256
_LONGEST_S: Final = 30 * 86400
_NEVER_KEPT: Final = frozenset({"connection", "content-length", "host", "transfer-encoding"})


@dataclass(frozen=True, slots=True)
class OverflowSettings:
    """How work is kept and delivered.

    Attributes:
        upstream: the service that answers, ``http://host:port`` (``UPSTREAM``).
        queue: where work is kept: ``sqlite:///path`` or ``redis://host:port/number`` (``QUEUE_URL``). What survives a
            loss of power there is for that server's own persistence to say.
        most: jobs that may be unfinished at once; more are refused (``MOST_JOBS``).
        concurrency: requests to the upstream at once, from one worker (``CONCURRENCY``).
        timeout_s: for one request to the upstream (``TIMEOUT_S``).
        deadline_s: how long after its acceptance a job is tried (``DEADLINE_S``).
        retries: further attempts after an answer of 500 (``RETRIES``); a busy or absent upstream is asked until the
            deadline.
        keep_s: how long answers are kept (``KEEP_S``).
        headers: request headers that are kept and sent on, in lower case (``FORWARD_HEADERS``).
    """

    upstream: str
    queue: str = "sqlite:///overflow.db"
    most: int = 1000
    concurrency: int = 4
    timeout_s: int = 10
    deadline_s: int = 3600
    retries: int = 3
    keep_s: int = 86400
    headers: tuple[str, ...] = ("content-type", "accept", "traceparent", "x-request-id")

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        Raises:
            SettingsError: a value is out of range; the message names its variable.
        """
        _check_url("UPSTREAM", self.upstream, ("http", "https"), "http://iris-svc:8000")
        _check_url("QUEUE_URL", self.queue, ("sqlite", "redis", "rediss"), "sqlite:///overflow.db")
        for variable, value, most in (
            ("MOST_JOBS", self.most, _MOST_JOBS),
            ("CONCURRENCY", self.concurrency, _MOST_CONCURRENT),
            ("TIMEOUT_S", self.timeout_s, _LONGEST_S),
            ("DEADLINE_S", self.deadline_s, _LONGEST_S),
            ("KEEP_S", self.keep_s, _LONGEST_S),
        ):
            if not 1 <= value <= most:
                raise SettingsError(f"{variable}={value} is out of range; use 1 to {most}")
        if own := sorted(_NEVER_KEPT & set(self.headers)):
            raise SettingsError(f"FORWARD_HEADERS names {own[0]}, which belongs to one connection; leave it out")

    @classmethod
    def from_environment(cls, values: Mapping[str, str]) -> OverflowSettings:
        """Read the environment.

        Raises:
            SettingsError: a value is missing or cannot be used; the message names its variable.
        """
        environment = Environment(values)
        upstream = environment.required("UPSTREAM", "the service that answers, such as http://iris-svc:8000")
        usual = cls(upstream)
        headers = environment.text("FORWARD_HEADERS", ",".join(usual.headers))
        return cls(
            upstream=upstream.rstrip("/"),
            queue=environment.text("QUEUE_URL", usual.queue),
            most=environment.whole_number("MOST_JOBS", usual.most),
            concurrency=environment.whole_number("CONCURRENCY", usual.concurrency),
            timeout_s=environment.whole_number("TIMEOUT_S", usual.timeout_s),
            deadline_s=environment.whole_number("DEADLINE_S", usual.deadline_s),
            retries=environment.whole_number("RETRIES", usual.retries),
            keep_s=environment.whole_number("KEEP_S", usual.keep_s),
            headers=tuple(name.strip().lower() for name in headers.split(",") if name.strip()),
        )


def _check_url(variable: str, url: str, schemes: tuple[str, ...], example: str) -> None:
    # A URL may hold a password, so that the message shows the variable and not its value.
    try:
        parts = urlsplit(url)
        good = parts.scheme in schemes and bool(parts.hostname or parts.scheme == "sqlite") and parts.port != 0
    except ValueError:
        good = False
    if not good or (parts.scheme == "sqlite" and len(parts.path) < len("/x")):
        raise SettingsError(f"{variable} cannot be used; write it like {example}")
