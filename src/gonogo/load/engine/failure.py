"""Failures: the kind of failure that an error of a socket is."""

from __future__ import annotations

import errno
from typing import Final

__all__ = ["kind_of"]

_OUT_OF_ROOM: Final = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL, errno.EAGAIN}


def kind_of(error: Exception) -> str:
    """Return the kind of failure (gonogo.runs.run.ERRORS) that an error of the socket is."""
    code = error.errno if isinstance(error, OSError) else None
    if type(error).__module__ == "ssl":
        return "reset" if type(error).__name__ in ("SSLEOFError", "SSLZeroReturnError") else "tls"
    if code == errno.ECONNREFUSED:
        return "refused"
    if code in (errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED):
        return "reset"
    # What this machine has run out of is the generator's fault: the request was never sent.
    return "unsent" if code in _OUT_OF_ROOM else "connect"
