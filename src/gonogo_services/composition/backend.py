"""A service that the proxy asks: where it is, how long it may take, and what happens when it does not answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from gonogo_services.errors import SettingsError

__all__ = ["Backend", "Policy"]

_LONGEST_S = 600.0


class Policy(StrEnum):
    """What the answer is when an active service fails."""

    FAIL = "fail"
    """503, naming the service."""
    OMIT = "omit"
    """The answer without it, its name in ``omitted``."""
    DEFAULT = "default"
    """0, its name in the header ``defaulted``."""


@dataclass(frozen=True, slots=True)
class Backend:
    """One service behind the proxy.

    Attributes:
        name: the answer's key, in lower case.
        url: ``http://host:port`` without a slash at the end.
        timeout_s: how long one attempt may take, connecting included.
        policy: what happens when it fails while active.
    """

    name: str
    url: str
    timeout_s: float
    policy: Policy

    def __post_init__(self) -> None:
        """Refuse a timeout that makes no sense.

        Raises:
            SettingsError: it is out of range.
        """
        if not 0 < self.timeout_s <= _LONGEST_S:
            raise SettingsError(
                f"TIMEOUT_S_{self.name.upper()}={self.timeout_s} is out of range; use more than 0, at most {_LONGEST_S}"
            )

    @staticmethod
    def url_of(variable: str, value: str) -> str:
        """Return ``value``, ``host:port`` or a URL, as a URL without a slash at the end.

        Raises:
            SettingsError: it is neither, or its URL has a query, a fragment or a user.
        """
        text = value.strip().rstrip("/")
        url = text if re.match(r"[a-z]+://", text) else f"http://{text}"
        try:
            parts = urlsplit(url)
            good = parts.scheme in {"http", "https"} and parts.hostname and (parts.port or parts.port is None)
        except ValueError:
            good = False
        if not good or parts.query or parts.fragment or parts.username or re.search(r"\s", url):
            raise SettingsError(f"{variable}={value!r} is no service; write host:port or http://host:port")
        if text == value.strip().rstrip("/") and "://" not in text and parts.port is None:
            raise SettingsError(f"{variable}={value!r} has no port; write host:port, such as {text}:8000")
        return url
