"""Waiting for a proxy with a deadline, and telling the true reason when it does not come."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Final

from gonogo.errors import EnvironmentFault
from gonogo.mesh.sidecar import Sidecar
from gonogo.sidecar.process import ProxyProcess

__all__ = ["CHANGE_S", "START_S", "await_proxy", "listens"]

START_S: Final = 15.0
CHANGE_S: Final = 10.0
_LOOK_S: Final = 0.005
_SLOWEST_LOOK_S: Final = 0.1


def await_proxy(
    condition: Callable[[], bool], process: ProxyProcess, *, who: str, what: str, seconds: float, fault: str = ""
) -> None:
    """Wait until ``condition`` holds.

    Args:
        condition: looked at again and again; connection errors mean not yet.
        process: the proxy.
        who: the proxy's name for people.
        what: what is waited for, such as ``take requests``.
        seconds: how long at most.
        fault: what its output says where that is known already.

    Raises:
        EnvironmentFault: the proxy ended, or the time is over; with its last words.
    """
    deadline, pause = time.monotonic() + seconds, _LOOK_S
    while True:
        try:
            if condition():
                return
        except OSError:
            pass
        if process.ended:
            raise EnvironmentFault(
                f"{who} ended (status {process.status}): {process.said() or 'without a word'}",
                where=str(process.output),
                mend="mend what it complains about",
            )
        if time.monotonic() > deadline:
            raise EnvironmentFault(
                f"{who} does not {what} within {seconds:g} s: {fault or process.said() or 'it says nothing'}",
                where=str(process.output),
                mend="see its output",
            )
        time.sleep(pause)
        pause = min(pause * 1.5, _SLOWEST_LOOK_S)


def listens(sidecar: Sidecar) -> bool:
    """Whether every outlet takes connections.

    Raises:
        OSError: one does not.
    """
    for outlet in sidecar.outlets:
        if outlet.listen is not None:
            socket.create_connection((outlet.listen.ip, outlet.listen.port), timeout=1.0).close()
    return True
