"""The listening sockets: one per worker, all on the same address, bound before anything is forked.

With one shared socket the worker that wakes first takes what waits, and long-lived connections stay with it. With one
socket per worker (``SO_REUSEPORT``, socket(7)) the kernel spreads connections over the sockets by a hash of both
addresses. The parent keeps every socket open, so connections that wait while a worker is started again are not lost.
"""

from __future__ import annotations

import errno
import os
import socket
from contextlib import ExitStack

from gonogo_services.errors import ServiceError, SettingsError

__all__ = ["bind_listeners", "url_of"]


def bind_listeners(host: str, port: int, count: int) -> tuple[socket.socket, ...]:
    """Bind ``count`` sockets to ``host`` and ``port`` (0: one free port for all of them), not yet listening.

    Raises:
        SettingsError: ``host`` does not resolve or is no address of this machine, or ``port`` needs more rights.
        ServiceError: something else listens there.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except (OSError, UnicodeError) as error:
        raise SettingsError(f"HOST={host!r} does not resolve: {error}") from error
    # The first socket is bound without SO_REUSEPORT: with it, a second service of the same user would be let in
    # and would silently take a share of the first one's connections.
    with ExitStack() as unless_done:
        first = unless_done.enter_context(_bind(family, address, host, port, shared=False))
        first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound = first.getsockname()
        others = [unless_done.enter_context(_bind(family, bound, host, port, shared=True)) for _ in range(count - 1)]
        unless_done.pop_all()
    return (first, *others)


def url_of(listener: socket.socket) -> str:
    """Return where ``listener`` can be reached: ``http://127.0.0.1:8000``."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if listener.family == socket.AF_INET6 else f"http://{host}:{port}"


def _bind(
    family: socket.AddressFamily, address: tuple[object, ...], host: str, port: int, *, shared: bool
) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise _refusal(error, host, port) from error
    return listener


def _refusal(error: OSError, host: str, port: int) -> ServiceError:
    if error.errno == errno.EADDRINUSE:
        return ServiceError(f"{host}:{port} is in use; stop what listens there, or set PORT to a free port")
    if error.errno == errno.EACCES:
        return SettingsError(f"PORT={port} needs rights that this process does not have; use a port above 1023")
    if error.errno == errno.EADDRNOTAVAIL:
        return SettingsError(f"HOST={host!r} is no address of this machine")
    return ServiceError(f"{host}:{port} cannot be bound: {os.strerror(error.errno or 0)}")
