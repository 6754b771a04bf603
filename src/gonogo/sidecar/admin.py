"""Asking Envoy's administration, which listens on a unix socket."""

from __future__ import annotations

import socket
from http.client import HTTPConnection, HTTPException
from typing import Final

__all__ = ["ask"]

_ANSWER_S: Final = 5.0
_OK: Final = 200


def ask(admin: str, path: str) -> str:
    """Return what the administration at the unix socket ``admin`` answers to ``GET path``.

    Raises:
        OSError: it does not answer, or not with 200.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connected:
        connected.settimeout(_ANSWER_S)
        connected.connect(admin)
        connection = HTTPConnection("envoy")
        connection.sock = connected
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", errors="replace")
        except HTTPException as error:
            raise OSError(str(error)) from error
    if answer.status != _OK:
        raise OSError(f"{path} is answered with {answer.status}")
    return text
