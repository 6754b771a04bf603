"""One run of the job: lanes that work through what is due, pass by pass, until nothing is left that this job may do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Final

from sqlalchemy import func, select

from gonogo_services.batch.claims.choice import claims_for
from gonogo_services.batch.claims.leases import Leases
from gonogo_services.batch.database import Database
from gonogo_services.batch.due import Due, any_due, count_due
from gonogo_services.batch.errors import RowsHeld
from gonogo_services.batch.failures import clear, forget_predicted, waiting
from gonogo_services.batch.lane import Lane
from gonogo_services.batch.options import Options
from gonogo_services.batch.policy import LEAVE, RETRY_ALL, RETRY_FAILED
from gonogo_services.batch.prediction import Predict
from gonogo_services.batch.progress import Progress
from gonogo_services.batch.stop import Stop
from gonogo_services.batch.tables import items
from gonogo_services.batch.walk import Walk
from gonogo_services.batch.whole import predict_whole

__all__ = ["Run"]

_HELD_POLL_S: Final = 0.2
_RECOUNT_SHARE: Final = 50


class Run:
    """A run.

    Args:
        database: with its tables prepared.
        options: how to work.
        predict: the model.
        stop: when to stop.
        say: is told what a person should know, a line at a time.
        watch: is told the progress at every progress line.
    """

    def __init__(
        self,
        database: Database,
        options: Options,
        predict: Predict,
        stop: Stop,
        say: Callable[[str], None],
        watch: Callable[[Progress], None],
    ) -> None:
        self._database = database
        self._options = options
        self._predict = predict
        self._stop = stop
        self._say = say
        self._watch = watch
        self._halted = threading.Event()
        self._next_count_s = 0.0
        with database.writing() as connection:
            if options.unpark:
                clear(connection, options.selection)
            now = float(connection.execute(select(database.dialect.now())).scalar_one())
        policy = options.policy.name
        self.due = Due(
            options.selection, failed_before=now if policy == LEAVE else None, all_failed=policy == RETRY_ALL
        )
        self.claims = claims_for(database, options.policy, options.claims)
        due = self._count()
        self.progress = Progress(time.monotonic, due if options.limit is None else min(due, options.limit))

    @property
    def total(self) -> int:
        """Rows to do, counted at the start."""
        return self.progress.total

    def finish(self) -> None:
        """Do the rows.

        Raises:
            RowsHeld: other jobs hold rows for longer than a lease.
            RowsRefused: retry-all, and rows cannot be predicted.
            DatabaseError: the database stayed away, is full, or refuses.
        """
        if self._options.policy.name == RETRY_ALL:
            predict_whole(
                self._database,
                self.due,
                self._options.policy,
                self._predict,
                walk=self._walk,
                leased=isinstance(self.claims, Leases),
                stop=self._stop,
                done=self.progress.done,
                say=self._say,
            )
        else:
            self._work()
        with self._database.writing() as connection:
            forget_predicted(connection)

    def _work(self) -> None:
        walk, held_s = self._walk(self._start()), 0.0
        while not self._stop.requested:
            self._run_lanes(walk)
            if self._stop.requested or walk.exhausted:
                return
            taken = walk.begin_again()
            if self._any():
                if taken:
                    held_s = 0.0
                    continue
                # Due and yet not to be had: other jobs have these rows, and do them or lose them.
                if held_s > self._database.lease_s + 1:
                    raise RowsHeld(f"other jobs have held rows for {held_s:.0f} s; run this job again later")
                held_s += _HELD_POLL_S
                self._stop.wait(_HELD_POLL_S)
            elif not self._wait_for_failed():
                return

    def _wait_for_failed(self) -> bool:
        if self._options.policy.name != RETRY_FAILED:
            return False
        with self._database.reading() as connection:
            found = waiting(connection, self._database.dialect, self._options.selection)
        if not found.later:
            return False
        self._stop.wait(found.wait_s)
        return True

    def _run_lanes(self, walk: Walk) -> None:
        options = self._options
        lane = Lane(
            self.claims,
            self.due,
            self._predict,
            walk,
            self._stop,
            self._halted.is_set,
            self.progress.done,
            self._say,
            options.tries,
        )
        with ThreadPoolExecutor(options.lanes, "lane") as lanes:
            working = {lanes.submit(lane.work) for _ in range(options.lanes)}
            try:
                while working:
                    ended, working = wait(working, options.progress_s, FIRST_EXCEPTION)
                    for future in ended:
                        future.result()
                    if working:
                        self._tell()
            finally:
                if working:
                    self._halted.set()

    def _tell(self) -> None:
        began = time.monotonic()
        if began >= self._next_count_s:
            self.progress.recounted(self._count())
            ended = time.monotonic()
            self._next_count_s = ended + _RECOUNT_SHARE * (ended - began)
        self._say(self.progress.line())
        self._watch(self.progress)

    def _walk(self, start: int | None = None) -> Walk:
        return Walk(self._options.chunk, self._options.limit, start)

    def _start(self) -> int | None:
        """Return where this job of several begins, so that they do not all reach for the same rows."""
        options = self._options
        if options.index == 0:
            return None
        with self._database.reading() as connection:
            conditions = options.selection.conditions()
            low, high = connection.execute(select(func.min(items.c.id), func.max(items.c.id)).where(*conditions)).one()
        return None if low is None else low + (high - low) * options.index // options.completions

    def _any(self) -> bool:
        with self._database.reading() as connection:
            return any_due(connection, self._database.dialect, self.due)

    def _count(self) -> int:
        with self._database.reading() as connection:
            return count_due(connection, self._database.dialect, self.due)
