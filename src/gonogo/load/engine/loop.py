"""The hot loop: one thread that sends each request when it is due and reads answers in between.

Its own lateness is measured, not assumed. *Lag* is the time from a request's due time until its bytes went to the
kernel, less the time for which it waited for a connection that the service kept busy or was slow to open. Of that
wait, the time in which the engine itself had no moment to spare (its *strain*: turns of the loop that ended without
having to wait for an event) counts as lag too, so that an overloaded generator cannot pass for a slow service.
"""

from __future__ import annotations

import math
import os
import select
from collections.abc import Callable, Iterator
from time import monotonic as clock
from typing import Final

from gonogo.load.engine.arrival import Arrivals
from gonogo.load.engine.connection import Connection
from gonogo.load.engine.gate import Gate
from gonogo.load.engine.journal import CODES, Journal
from gonogo.load.engine.nap import may_nap
from gonogo.load.engine.pool import Pool, pools_of, unneeded
from gonogo.load.engine.request import ACCEPTED, REFUSED, WRONG, requests_of
from gonogo.load.engine.timer import Alarm
from gonogo.load.engine.turn import Turn
from gonogo.load.engine.values import ValueLog
from gonogo.load.plan import LoadPlan
from gonogo.load.share import Share
from gonogo.load.spool import Spool

__all__ = ["Engine"]

_TICK_S: Final = 0.01
_BRISK_S: Final = 10e-6  # a poll that returned as fast as this did not have to wait for an event
_INSTANT_S: Final = 1e-6  # above what adding the start to a due time rounds off
_ENDED: Final = select.EPOLLRDHUP | select.EPOLLHUP  # the server has ended its side of a connection
_CATCH_UP: Final = 64  # batches at most that are sent when a load shall end
_BATCH: Final = 16  # requests sent before answers are read again
_PREOPENED: Final = 4
_PREOPEN_S: Final = 0.1
_LATE_S: Final = 1.0  # for so long after the schedule's end, requests that were due in it are still sent
_RETRY_PAUSE_S: Final = 0.05
_UNTIL_ANSWERED: Final = math.inf
_ERROR_OF: Final = {ACCEPTED: CODES[""], REFUSED: CODES[""], WRONG: CODES["check"]}


class Engine:
    """Drives one plan and writes its rows.

    Attributes:
        cut_short: why it ended before the plan did; empty when it did not.
        shortage: what the machine had not enough of for the plan's connections; empty when it had.
        watch: called a hundred times a second; may end the process.
    """

    def __init__(
        self, plan: LoadPlan, spool: Spool, values: ValueLog, watch: Callable[[], None], gate: Gate, share: Share
    ) -> None:
        self.plan = plan
        self._gate, self._share = gate, share
        self.cut_short = self.shortage = ""
        self.watch = watch
        self.handlers: dict[int, Callable[[], None]] = {}
        self.epoll = select.epoll()
        self._alarm = Alarm()
        self.handlers[self._alarm.fd] = self._alarm.rang
        self.epoll.register(self._alarm.fd, select.EPOLLIN | select.EPOLLET)
        self.journal = self._journal = Journal(spool)
        self._pools, self.blocked = pools_of(plan.targets)
        self._all_pools = list(dict.fromkeys(self._pools))
        self._alone = len(self._all_pools) == 1
        self._values = values
        self._requests = requests_of(plan, share, values)
        self._connections: dict[Connection, None] = {}
        self._rated = plan.rate is not None
        self.arrivals = Arrivals() if self._rated else None
        self.writing = self._event = 0
        self._limit = share.part(plan.connections)
        self._ordinal = share.number
        self._strained = 0.0
        self._turn_at = clock()
        self._start = self._end = self._over = math.inf
        self._dues: Iterator[float] = iter(())
        self._next_due = math.inf
        self._pauses: list[float] = []

    def run(self, started: Callable[[float], None]) -> None:
        """Drive the plan to its end; ``started`` is told the run's start, a reading of the clock."""
        self._open_some()
        self._start = self._gate.pass_through(self.plan.warmup_s + 0.001, self.watch)
        self._end = self._start + self.plan.duration_s
        self._over = self._end + self.plan.timeout_s + _LATE_S
        self._journal.open(self._start)
        started(self._start)
        schedule = self.plan.schedule
        if schedule is None:
            now = clock()
            for _ in range(self._limit):
                self._begin(now, now)
        else:
            self._dues = self._share.of(schedule.due_times())
            self._next_due = self._start + next(self._dues, math.inf)
        if self.cut_short:
            self.stop(self.cut_short)
        self._loop()
        self._journal.count()
        self._values.flush()

    @property
    def until_s(self) -> float:
        """Until when requests were due, in seconds from the run's start: its duration, unless it was stopped."""
        return self._end - self._start

    def stop(self, why: str, grace_s: float = _UNTIL_ANSWERED) -> None:
        """Send nothing that is not due yet, and end as soon as all is answered, or in ``grace_s`` seconds."""
        now = clock()
        for _ in range(_CATCH_UP):  # what was due before is still sent, also where the engine was late
            if self._next_due > now or self._journal.begun >= self._journal.room:
                break
            self._pace(now)
        self.cut_short = self.cut_short or why
        # A request whose turn is just coming is not called unsent: for this run it never was due.
        due = self._next_due
        self._end = min(self._end, due - _INSTANT_S if now - _TICK_S <= due < math.inf else now)
        self._next_due = math.inf
        self._over = min(self._over, now + grace_s)
        self._pauses.clear()

    def _loop(self) -> None:
        poll, handlers, allowed = self.epoll.poll, self.handlers, self._alarm.wait
        tick_at = 0.0
        while True:
            before = clock()
            late = self._next_due <= before
            if not (late or self.writing) and may_nap(self._next_due - before, self.arrivals, self._all_pools):
                self._turn_at = now = self._alarm.sleep(self._next_due, before)
                self._pace(now)
                events = poll(0, 64)
                now = clock()
            else:
                if late:
                    self._pace(before)
                    before = clock()
                events = poll(allowed(self._next_due, before, _TICK_S), 64)
                now = clock()
                if (events or late) and now - before < _BRISK_S:
                    self._strained += now - self._turn_at
                self._turn_at = now
            for fd, self._event in events:
                handler = handlers.get(fd)
                if handler is not None:
                    handler()
                    now = clock()
                    if now >= self._next_due:
                        self._pace(now)
            if now >= tick_at:
                tick_at = now + _TICK_S
                if self._tick(now):
                    return

    def _pace(self, now: float) -> None:
        """Begin the requests that are due, a batch of them at most."""
        start = self._start
        for _ in range(_BATCH):
            due = self._next_due
            if due > now:
                return
            self._next_due = start + next(self._dues, math.inf)
            self._begin(due, now)
            now = clock()

    def _tick(self, now: float) -> bool:
        """Do what needs no precision; return whether the run is over."""
        self._values.flush()
        self._journal.count()
        if self.arrivals is not None:
            self.arrivals.follow()
        self._sweep(now)
        if self._next_due < math.inf and now > self._end + min(_LATE_S, self.plan.timeout_s):
            self._next_due = math.inf  # what is still unsent stays so: the generator cannot keep this schedule
        while self._pauses and self._pauses[0] <= now:
            self._pauses.pop(0)
            self._begin(now, now)
        self.watch()
        idle = self._journal.ended == self._journal.begun and not self._pauses
        return now >= self._over or (idle and self._next_due == math.inf and (self._rated or now >= self._end))

    def _begin(self, due: float, now: float) -> None:
        """Give the next request its row and send it, or have it wait for a connection."""
        journal = self._journal
        if journal.begun >= journal.room:
            self.stop("the run has no room for more requests")
            return
        request = next(self._requests)
        row = journal.begin(due, request.number)
        if request.kept:
            journal.keep(row, request.kept)
        pool = self._pools[request.number]
        turn = Turn(row, request, now, self._strained + now - self._turn_at)
        if not pool.waiting:
            connection = pool.take()
            if connection is not None:
                connection.send(turn)
                return
        if pool.failure:
            self._settle_unsent(turn, pool.failure, now)
        else:
            pool.waiting.append(turn)
            self._fill(pool)

    def answered(self, connection: Connection, turn: Turn, now: float) -> None:
        """The answer is complete: judge it, write it down and use the connection for the next request."""
        answer = connection.answer
        assert answer is not None  # noqa: S101 - it has just been read
        journal, request, row, status = self._journal, turn.request, turn.row, answer.status
        success, error = 200 <= status < 400, 0  # noqa: PLR2004 - the statuses that are a success
        if not request.plain:
            verdict, kept = answer.taken or request.answers.take(status, answer.headers, answer.body)
            success, error = verdict == ACCEPTED, _ERROR_OF[verdict]
            if kept:
                journal.keep(row, kept)
        journal.answered(row, status, connection.first_byte, now, connection.received, success=success, error=error)
        if answer.keep and not self._event & _ENDED:
            if self._alone and not connection.pool.waiting and connection.reserved is None:
                connection.address.free.append(connection)
            else:
                self._release(connection)
        else:
            self._close(connection)
            self._fill(connection.pool)
        if not self._rated:
            self._again(now)

    def lost(self, connection: Connection, turn: Turn | None, kind: str, now: float) -> None:
        """The connection failed or ended: fail its request, or send that once more if nobody can have seen it."""
        again = turn is not None and not turn.tried and connection.never_taken(kind)
        received, first_byte = connection.received, connection.first_byte
        pool, address = connection.pool, connection.address
        pool.opening.pop(connection, None)
        if turn is None and connection in address.free:
            address.free.remove(connection)
        self._close(connection)
        if turn is None:
            self._fill(pool)
        elif again:
            turn.tried = True
            self._journal.take_back(turn.row)
            self._open(pool, turn)
        else:
            if received:
                self._journal.received(turn.row, first_byte, received)
            self._settle(turn, kind, now)
            self._fill(pool)

    def _settle(self, turn: Turn, kind: str, now: float) -> None:
        """Write down that a request failed which was sent, at least in part."""
        self._journal.failed(turn.row, kind, now)
        if not self._rated:
            if kind in ("timeout", "reset", "protocol", "check"):
                self._again(now)
            elif now < self._end:
                # Without a pause, a dead server would be asked as often as the machine can.
                self._pauses.append(now + _RETRY_PAUSE_S)

    def _settle_unsent(self, turn: Turn, kind: str, now: float) -> None:
        """Write down that a request failed while it waited for a connection."""
        waited = now - turn.began
        own = min(waited, self._strain(now) - turn.strain)
        self._journal.queued(turn.row, waited - own)
        # Waiting in vain, mostly because the engine was too busy to read answers: that is no timeout of the service.
        self._settle(turn, "unsent" if kind == "timeout" and own > waited / 2 else kind, now)

    def _again(self, now: float) -> None:
        """A closed loop sends its next request as soon as one has ended."""
        if now < self._end:
            self._begin(now, now)

    def _strain(self, now: float) -> float:
        """Return the seconds in which the engine has had no moment to spare; its current turn counts as one."""
        return self._strained + now - self._turn_at

    def _sweep(self, now: float) -> None:
        """Fail what has had no complete answer for the timeout, and give up connections that do not open."""
        timeout = self.plan.timeout_s
        for pool in self._all_pools:
            while pool.opening and (oldest := next(iter(pool.opening))).opened_at + timeout <= now:
                self.not_opened(oldest, "timeout")
        row = self._journal.oldest_open()
        due, latest_due = self._journal.due, now - timeout
        if row is None or due(row) > latest_due:
            return
        for pool in self._all_pools:
            while pool.waiting and due(pool.waiting[0].row) <= latest_due:
                self._settle_unsent(pool.waiting.popleft(), "timeout", now)
        for connection in list(self._connections):
            turn = connection.turn or connection.reserved
            if turn is not None and due(turn.row) <= latest_due:
                connection.reserved = None
                self.lost(connection, turn, "timeout", now)

    def _open_some(self) -> None:
        """Open a few connections to each origin before the start, as a client has that has been there for a while."""
        for pool in self._all_pools:
            for _ in range(max(_PREOPENED, 2 * len(pool.addresses))):
                if pool.addresses and len(self._connections) < self._limit:
                    self._open(pool, None)
        until = clock() + _PREOPEN_S
        while any(pool.opening for pool in self._all_pools) and clock() < until:
            for fd, _ in self.epoll.poll(_TICK_S):
                if fd in self.handlers:
                    self.handlers[fd]()

    def _open(self, pool: Pool, reserved: Turn | None) -> str:
        """Begin to open a connection; return the kind of failure if it failed at once, else an empty text."""
        while True:
            address = pool.next_address()
            try:
                connection = Connection(self, pool, address, self._ordinal)
            except OSError as error:
                address.count -= 1
                self._run_short(error.errno or 0)
                kind = "unsent"
            else:
                kind = connection.open()
                if not kind:
                    break
                if kind == "unsent":
                    self._run_short(connection.trouble)
                connection.close()
                address.count -= 1
                if pool.avoid(address):
                    continue
            if reserved is not None:
                self._settle(reserved, kind, clock())
            return kind
        self._ordinal += self._share.engines
        connection.reserved = reserved
        self._connections[connection] = None
        pool.opening[connection] = None
        return ""

    def _run_short(self, code: int) -> None:
        """The machine gives no more connections: make do with those that are there, and say so."""
        now = len(self._connections)
        if not self.shortage:
            self.shortage = f"it could open only {now} of {self._limit} connections ({os.strerror(code)})"
        self._limit = max(1, now)

    def opened(self, connection: Connection) -> None:
        """A connection is open: give it the request that it was opened for, or the one that waits for longest."""
        connection.pool.opening.pop(connection, None)
        self._release(connection)

    def not_opened(self, connection: Connection, kind: str) -> None:
        """A connection could not be opened: try another address, or fail one of the requests that wait for one."""
        pool, address, turn = connection.pool, connection.address, connection.reserved
        pool.opening.pop(connection, None)
        self._close(connection)
        if pool.avoid(address):
            if turn is not None:
                self._open(pool, turn)
        elif turn is not None:
            self._settle_unsent(turn, kind, clock())
        elif pool.waiting and kind != "timeout":
            self._settle_unsent(pool.waiting.popleft(), kind, clock())
        self._fill(pool)

    def _release(self, connection: Connection) -> None:
        """A connection is free: use it for what waits, here or at another origin, or keep it."""
        pool = connection.pool
        turn = connection.reserved
        if turn is None and pool.waiting:
            turn = pool.waiting.popleft()
        if turn is not None:
            connection.reserved = None
            now = clock()
            waited = now - turn.began
            self._journal.queued(turn.row, waited - min(waited, self._strain(now) - turn.strain))
            connection.send(turn)
            return
        if not self._alone:
            for other in self._all_pools:
                if len(other.waiting) > len(other.opening):
                    self._close(connection)
                    self._fill(other)
                    return
        connection.address.free.append(connection)

    def _close(self, connection: Connection) -> None:
        connection.close()
        self._connections.pop(connection, None)
        connection.address.count -= 1

    def _fill(self, pool: Pool) -> None:
        """Open connections for the requests that wait for one, as far as the plan allows."""
        while len(pool.waiting) > len(pool.opening):
            if len(self._connections) >= self._limit:
                idle = unneeded(self._all_pools, pool)
                if idle is None:
                    return
                self._close(idle)
            kind = self._open(pool, None)
            if kind == "unsent" and self._connections:
                return
            if kind:
                self._settle_unsent(pool.waiting.popleft(), kind, clock())
