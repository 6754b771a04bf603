"""One worker process: opens what must not cross a fork, says so, waits for the others, then serves."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass

# Loaded here, in the parent, so that no worker has to load them.
import uvicorn.lifespan.on
import uvicorn.loops.uvloop
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gonogo_services.errors import ServiceError
from gonogo_services.serving.acceptor import Acceptor
from gonogo_services.serving.lifeline import die_with
from gonogo_services.serving.settings import ServerSettings

__all__ = ["BACKLOG", "FAILED", "LOADED", "Worker"]

BACKLOG = 2048
LOADED = b"+"
FAILED = b"-"

# Longer than the 60 s for which proxies commonly keep an idle connection: whoever closes last never sees a request
# arrive on a connection that the other side has just closed.
_KEEP_ALIVE_S = 75
_REPORT_LIMIT = 2000

logger = logging.getLogger(__name__)


class _Server(uvicorn.Server):
    """Stops on SIGTERM only: an interrupt from the terminal reaches the whole group and is the parent's to handle."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        signal.signal(signal.SIGTERM, self.handle_exit)
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve; ``sockets`` listen already."""
        await super().startup(sockets=[])
        self.acceptors = [Acceptor(listener, self._protocol) for listener in sockets or []]

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no further connection and end when the requests under way have."""
        for acceptor in self.acceptors:
            acceptor.close()
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        return HttpToolsProtocol(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)


@dataclass(frozen=True, slots=True)
class Worker:
    """What a worker inherits from its parent.

    Attributes:
        parent: process id of the supervisor.
        listener: the socket that this worker alone accepts from.
        report: descriptor of a pipe to the supervisor; its end of file tells that the worker has ended.
        go: descriptor of a pipe whose end of file tells that every worker is loaded.
        app: what answers.
        prepare: opens what must not cross a fork.
    """

    parent: int
    listener: socket.socket
    report: int
    go: int
    app: ASGIApp
    prepare: Callable[[], None]
    settings: ServerSettings

    def run(self) -> int:
        """Serve until SIGTERM and return the exit status."""
        try:
            die_with(self.parent)
            self.prepare()
        except ProcessLookupError:
            return 1
        except ServiceError as error:
            return self._fail(str(error))
        except Exception as error:
            logger.exception("the worker cannot start")
            return self._fail(f"a worker cannot start: {type(error).__name__}: {error}")
        os.write(self.report, LOADED)
        os.read(self.go, 1)
        os.close(self.go)
        config = uvicorn.Config(
            self.app,
            loop="uvloop",
            http="httptools",
            ws="none",
            log_config=None,
            access_log=self.settings.access_log,
            backlog=BACKLOG,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=self.settings.grace_s,
        )
        server = _Server(config)
        server.run([self.listener])
        return 0 if server.started else 1

    def _fail(self, message: str) -> int:
        # Below PIPE_BUF, so that the report arrives whole.
        os.write(self.report, FAILED + message.encode(errors="replace")[:_REPORT_LIMIT])
        return 1
