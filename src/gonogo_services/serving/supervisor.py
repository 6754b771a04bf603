"""The parent process: forks the workers, lets them serve when all are loaded, replaces the dead, stops on a signal."""

from __future__ import annotations

import gc
import logging
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from starlette.types import ASGIApp

from gonogo_services.errors import ServiceError
from gonogo_services.serving.listeners import bind_listeners, url_of
from gonogo_services.serving.log import configure_log
from gonogo_services.serving.restarts import RestartBudget
from gonogo_services.serving.settings import ServerSettings
from gonogo_services.serving.stop_signals import StopSignals
from gonogo_services.serving.worker import BACKLOG, FAILED, Worker

__all__ = ["serve"]

_DEATHS_PER_WORKER = 3
_DEATH_WINDOW_S = 60.0
# A worker cancels its requests when the grace time is over; this much later it is killed.
_KILL_AFTER_GRACE_S = 2.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Child:
    ordinal: int
    pid: int
    report: int


def serve(app: ASGIApp, settings: ServerSettings, *, name: str, prepare: Callable[[], None]) -> int:
    """Serve ``app`` until SIGTERM or SIGINT and return the exit status: 0, or 1 when workers had to be killed.

    Workers are forks of this process, so that code is loaded once. No connection is taken before all are prepared.

    Args:
        app: the application; no file, thread or session of it is open yet.
        settings: where to listen and with how many workers.
        name: what the ready line on standard error calls the service.
        prepare: opens in each worker what must not cross a fork, such as model sessions and their threads; a
            ServiceError that it raises stops the whole service.

    Raises:
        SettingsError: the address cannot be used.
        ServiceError: the address is in use, a worker failed to load, or workers die again and again.
    """
    configure_log(settings)
    listeners = bind_listeners(settings.host, settings.port, settings.workers)
    with StopSignals() as stop:
        supervisor = _Supervisor(app, prepare, settings, listeners, stop, name)
        try:
            return supervisor.run()
        finally:
            supervisor.close()


class _Supervisor:
    def __init__(
        self,
        app: ASGIApp,
        prepare: Callable[[], None],
        settings: ServerSettings,
        listeners: tuple[socket.socket, ...],
        stop: StopSignals,
        name: str,
    ) -> None:
        self._app = app
        self._prepare = prepare
        self._settings = settings
        self._listeners = listeners
        self._stop = stop
        self._name = name
        self._children: dict[int, _Child] = {}
        self._loading = set(range(settings.workers))
        self._budget = RestartBudget(_DEATHS_PER_WORKER * settings.workers, _DEATH_WINDOW_S)
        self._selector = selectors.DefaultSelector()
        self._selector.register(stop, selectors.EVENT_READ)
        self._go, self._go_ahead = os.pipe()

    def run(self) -> int:
        gc.freeze()  # what is loaded stays in pages that the workers share
        for ordinal in range(self._settings.workers):
            self._fork(ordinal)
        while not self._stop.count:
            for child, report in self._reports(timeout_s=None):
                if report.startswith(FAILED):
                    raise ServiceError(report[len(FAILED) :].decode(errors="replace"))
                if report:
                    self._loaded(child)
                else:
                    self._replace(child)
        return self._drain()

    def close(self) -> None:
        """End every worker that is left, at once, and release the address."""
        for child in self._children.values():
            os.kill(child.pid, signal.SIGKILL)
        for child in tuple(self._children.values()):
            self._reap(child)
        for listener in self._listeners:
            listener.close()
        self._selector.close()
        os.close(self._go)
        self._let_go()

    def _fork(self, ordinal: int) -> None:
        report, report_end = os.pipe()
        parent = os.getpid()
        with self._stop.held():
            try:
                pid = os.fork()
            except OSError as error:
                raise ServiceError(f"worker {ordinal} cannot be started: {error.strerror}") from error
            if pid == 0:
                self._become_worker(ordinal, parent, report_end)
        os.close(report_end)
        child = _Child(ordinal, pid, report)
        self._children[pid] = child
        self._selector.register(report, selectors.EVENT_READ, child)

    def _become_worker(self, ordinal: int, parent: int, report_end: int) -> NoReturn:
        status = 1
        try:
            self._stop.forget()
            self._selector.close()
            for child in self._children.values():
                os.close(child.report)
            for position, listener in enumerate(self._listeners):
                if position != ordinal:
                    listener.close()
            self._let_go()
            worker = Worker(
                parent, self._listeners[ordinal], report_end, self._go, self._app, self._prepare, self._settings
            )
            status = worker.run()
        except Exception:
            logger.exception("a worker failed")
        finally:
            sys.stderr.flush()
            os._exit(status)  # no clean-up of what belongs to the parent

    def _reports(self, timeout_s: float | None) -> list[tuple[_Child, bytes]]:
        reports = []
        for key, _ in self._selector.select(timeout_s):
            if key.fileobj is self._stop:
                self._stop.collect()
            else:
                child: _Child = key.data
                reports.append((child, os.read(child.report, 4096)))
        return reports

    def _loaded(self, child: _Child) -> None:
        self._loading.discard(child.ordinal)
        if self._loading or self._go_ahead < 0:
            return
        for listener in self._listeners:
            listener.listen(BACKLOG)
        self._let_go()
        workers = f"{self._settings.workers} worker{'s' if self._settings.workers > 1 else ''}"
        logger.info("%s is ready at %s with %s", self._name, url_of(self._listeners[0]), workers)

    def _let_go(self) -> None:
        if self._go_ahead >= 0:
            os.close(self._go_ahead)
            self._go_ahead = -1

    def _replace(self, child: _Child) -> None:
        ended = self._reap(child)
        if not self._budget.allows(time.monotonic()):
            raise ServiceError(
                f"more than {self._budget.deaths} workers ended within {self._budget.window_s:.0f} s; "
                f"the last one {ended}; see the lines above"
            )
        self._fork(child.ordinal)
        logger.error("worker %d %s; another one takes its place", child.pid, ended)

    def _reap(self, child: _Child) -> str:
        self._selector.unregister(child.report)
        os.close(child.report)
        del self._children[child.pid]
        _, status = os.waitpid(child.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"exited with status {code}"

    def _drain(self) -> int:
        # While the parent holds a listening socket the kernel goes on taking connections that nobody would accept.
        for listener in self._listeners:
            listener.close()
        for child in self._children.values():
            os.kill(child.pid, signal.SIGTERM)
        deadline = time.monotonic() + self._settings.grace_s + _KILL_AFTER_GRACE_S
        asked = self._stop.count
        while self._children and self._stop.count == asked and time.monotonic() < deadline:
            for child, report in self._reports(max(0.0, deadline - time.monotonic())):
                if not report:
                    self._reap(child)
        if self._children:
            logger.error("%d workers did not stop in time and are killed", len(self._children))
            return 1
        return 0
