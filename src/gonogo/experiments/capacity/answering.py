"""Whether a service answers with success at all: a search for its capacity would otherwise halve rates for minutes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import numpy as np

from gonogo.errors import StackError
from gonogo.load.target import Target
from gonogo.runs.run import ERRORS, Columns

__all__ = ["failures", "nothing_answers"]

_MENDS: Final = {
    "timeout": "see what keeps the service, or give it more time by the timeout",
    "refused": "start the service, or mend host and port",
    "connect": "see that the host can be reached",
    "reset": "see the service's log; a server with TLS needs https://",
    "protocol": "see that the port speaks HTTP/1.1; a server with TLS needs https://",
    "dns": "mend the name of the host",
    "tls": "see that the port speaks TLS and that its certificate is trusted, or use http://",
    "check": "see what the answer checks expect",
    "status 400": "mend the request; a server with TLS needs https://",
    "status 401": "give credentials by a header",
    "status 403": "give credentials by a header",
    "status 404": "mend the path",
    "status 405": "mend the method",
}


def failures(columns: Columns) -> tuple[str, ...]:
    """Return how the requests without success ended, the most frequent first: ``refused``, ``status 404``."""
    failed = ~columns.success
    kinds = Counter(zip(columns.error[failed].tolist(), columns.status[failed].tolist(), strict=True))
    named: Counter[str] = Counter()
    for (error, status), count in kinds.items():
        named[ERRORS[error] or f"status {status}"] += count
    return tuple(kind for kind, _ in named.most_common())


def nothing_answers(targets: Sequence[Target], columns: Columns, when: str = "") -> StackError | None:
    """Return what to say where no request of ``columns`` succeeded; None where one did.

    Args:
        targets: what was sent.
        columns: the requests.
        when: what came before, such as ``after 400/s``.
    """
    if np.any(columns.success):
        return None
    kinds = failures(columns)
    first = kinds[0] if kinds else "timeout"
    mend = _MENDS.get(first, "see the service's log" if first.startswith("status 5") else "mend the request")
    seen = ", ".join(kinds) or "nothing was sent"
    named = dict.fromkeys(f"{target.name} at {_place(target)}" for target in targets)
    return StackError(
        " ".join(part for part in (when, f"nothing answered with success: {seen}") if part),
        where=", ".join(named),
        mend=mend,
    )


def _place(target: Target) -> str:
    """Scheme, host and port alone: what else stands in an address may be secret."""
    parts = urlsplit(target.url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
