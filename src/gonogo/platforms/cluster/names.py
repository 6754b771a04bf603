"""Names in the cluster: one namespace per session and declared namespace, and the labels by which it is found again."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from typing import Final

__all__ = ["DECLARED", "EXPIRES", "MANAGED_BY", "OWNER", "SELECTOR", "SESSION", "labels", "namespaces", "new_session"]

MANAGED_BY: Final = "app.kubernetes.io/managed-by"
SESSION: Final = "gonogo.dev/session"
DECLARED: Final = "gonogo.dev/namespace"
OWNER: Final = "gonogo.dev/owner"
EXPIRES: Final = "gonogo.dev/expires"
SELECTOR: Final = f"{MANAGED_BY}=gonogo,{SESSION}"
"""Label selector of every namespace that gonogo made."""

_LONGEST: Final = 63
"""RFC 1123 label, as namespaces are named."""


def new_session() -> str:
    """Return a name for a session, 8 characters that no other one has."""
    return secrets.token_hex(4)


def labels(session: str, declared: str) -> Mapping[str, str]:
    """Return the labels of a namespace."""
    return {MANAGED_BY: "gonogo", SESSION: session, DECLARED: declared}


def namespaces(declared: Iterable[str], session: str) -> Mapping[str, str]:
    """Return the namespace in the cluster for each declared one: ``<declared>-gonogo-<session>``, cut if too long."""
    return {name: _namespace(name, f"-gonogo-{session}") for name in declared}


def _namespace(declared: str, tail: str) -> str:
    room = _LONGEST - len(tail)
    if len(declared) <= room:
        return f"{declared}{tail}"
    mark = hashlib.sha256(declared.encode()).hexdigest()[:6]
    return f"{declared[: room - 7].rstrip('-')}-{mark}{tail}"
