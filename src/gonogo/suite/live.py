"""A load while it goes on: act on the stack at a time, look at what is known so far, stop early."""

from __future__ import annotations

import threading
from collections.abc import Callable

from gonogo.errors import UsageError
from gonogo.load.driver import Progress, RunningLoad
from gonogo.load.locust.driver import RunningUsers
from gonogo.runs.run import Columns
from gonogo.suite.run import JudgedRun
from gonogo.units import parse_duration

__all__ = ["LiveLoad"]


class LiveLoad:
    """A load that goes on. Its actions run in threads of their own, which :meth:`close` joins."""

    def __init__(self, running: RunningLoad | RunningUsers) -> None:
        self._running = running
        self._threads: list[threading.Thread] = []
        self._closed = threading.Event()
        self._failures: list[Exception] = []
        self._run: JudgedRun | None = None

    @property
    def run(self) -> JudgedRun:
        """The judged run, once the ``with`` block has been left.

        Raises:
            UsageError: the load still goes on.
        """
        if self._run is None:
            raise UsageError("the load still goes on", mend="look at .run after the with block")
        return self._run

    @run.setter
    def run(self, run: JudgedRun) -> None:
        self._run = run

    def at(self, when: float | str, act: Callable[[], object]) -> None:
        """Call ``act`` at ``when`` after the beginning of the measured load, or at once when that is past.

        An exception that ``act`` raises is raised again when the ``with`` block ends, after the run has been judged
        and kept. An action whose time comes after the end of the load is not called.
        """
        self._arm(parse_duration(when), act)

    def progress(self) -> Progress:
        """How far the load is."""
        return self._running.progress()

    def snapshot(self) -> Columns:
        """The requests that are over so far, the warm-up left out."""
        return self._running.snapshot()

    def stop(self) -> None:
        """Send no more. Answers on their way are waited for; the run is cut short and cannot be GO."""
        self._running.stop()

    def close(self) -> None:
        """Drop the actions whose time has not come and wait for the others.

        Raises:
            Exception: the first that an action raised.
        """
        self._closed.set()
        for thread in self._threads:
            thread.join()
        if self._failures:
            raise self._failures[0]

    def _arm(self, when_s: float, act: Callable[[], object]) -> None:
        thread = threading.Thread(target=self._act_at, args=(when_s, act), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _act_at(self, when_s: float, act: Callable[[], object]) -> None:
        # An engine may take a while to start, and only then is it known when the load began.
        while (left_s := when_s - self._running.progress().elapsed_s) > 0:
            if self._closed.wait(left_s):
                return
        if not self._closed.is_set():
            self._call(act)

    def _call(self, act: Callable[[], object]) -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the test that asked for the action
            self._failures.append(error)
