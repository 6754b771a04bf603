"""Who may change parameters: whoever has one of the admin tokens."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

__all__ = ["Admission"]

_SCHEME: Final = b"bearer "


class Admission:
    """Tells whose token a request carries (``authorization: Bearer …``, RFC 6750).

    Args:
        tokens: SHA-256 of each token, by whose it is.
    """

    def __init__(self, tokens: Mapping[str, bytes]) -> None:
        self._tokens = tokens

    @property
    def possible(self) -> bool:
        """Whether there is any token."""
        return bool(self._tokens)

    def who(self, authorization: bytes) -> str | None:
        """Return whose token it is, or None; how long that takes tells nothing about any token."""
        if not authorization.lower().startswith(_SCHEME):
            return None
        given = hashlib.sha256(authorization[len(_SCHEME) :].strip()).digest()
        found = None
        for who, expected in self._tokens.items():
            if hmac.compare_digest(given, expected):
                found = who
        return found
