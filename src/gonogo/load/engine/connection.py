"""One connection: it opens, sends a request, reads the answer, and tells its owner how it went."""

from __future__ import annotations

import errno
import select
import socket
import struct
from collections.abc import Callable
from time import monotonic as clock
from typing import TYPE_CHECKING, Final, Protocol

import httptools

from gonogo.load.engine.answer import LONGEST_HEAD, SWITCHING, Answer, BodyAnswer, CollectedAnswer, HeadAnswer
from gonogo.load.engine.request import Request

if TYPE_CHECKING:
    from ssl import SSLSocket

    from gonogo.load.engine.pool import Pool

__all__ = ["Address", "Connection", "Owner", "Turn", "kind_of"]

_IN: Final = select.EPOLLIN
_IN_OUT: Final = select.EPOLLIN | select.EPOLLOUT
_BUFFER: Final = bytearray(256 * 1024)
_VIEW: Final = memoryview(_BUFFER)
_TCP_INFO_SIZE: Final = 104
_CLOSED: Final = 7  # TCP_CLOSE of linux/tcp_states.h
_OUT_OF_ROOM: Final = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL, errno.EAGAIN}


class Address:
    """One place where a pool's connections may lead.

    Attributes:
        free: its connections that are open and without a request, the last used on top.
        count: its connections, those being opened included.
    """

    __slots__ = ("count", "family", "free", "place")

    def __init__(self, family: int, place: tuple[object, ...]) -> None:
        self.family = family
        self.place = place
        self.free: list[Connection] = []
        self.count = 0


class Turn:
    """A request from its due time until its end.

    Attributes:
        row: its row in the spool.
        began: when the schedule's turn came to it, a reading of the clock.
        strain: the engine's strain clock at that time.
        tried: it has been sent on a connection that turned out to be closed.
    """

    __slots__ = ("began", "request", "row", "strain", "tried")

    def __init__(self, row: int, request: Request, began: float, strain: float) -> None:
        self.row = row
        self.request = request
        self.began = began
        self.strain = strain
        self.tried = False


class Owner(Protocol):
    """Who keeps the connections: the engine."""

    handlers: dict[int, Callable[[], None]]
    epoll: select.epoll
    blocked: tuple[type[OSError], ...]

    def sent(self, connection: Connection, turn: Turn, now: float, size: int) -> None:
        """The first ``size`` bytes of a turn's request have gone out."""

    def sent_more(self, turn: Turn, size: int) -> None:
        """Another ``size`` bytes of a turn's request have gone out."""

    def opened(self, connection: Connection) -> None:
        """A connection is open and has no request."""

    def not_opened(self, connection: Connection, kind: str) -> None:
        """A connection could not be opened."""

    def answered(self, connection: Connection, turn: Turn, now: float) -> None:
        """The answer is complete."""

    def lost(self, connection: Connection, turn: Turn | None, kind: str, now: float) -> None:
        """The connection failed or ended, with a request on its way or without one."""


class Connection:
    """One connection of a pool.

    Attributes:
        turn: the request that is on its way over it; None when there is none.
        reserved: the request that it was opened for and no other may take.
        ordinal: its number in the run.
        uses: how many requests have been sent over it.
        received: bytes received since the last request was sent.
        first_byte: when the first of them came.
        trouble: the errno of what kept it from being opened; 0 when nothing did.
    """

    __slots__ = (
        "_collected",
        "_head",
        "_lean",
        "_owner",
        "_rest",
        "_secure",
        "_socket",
        "address",
        "answer",
        "fd",
        "first_byte",
        "is_open",
        "opened_at",
        "ordinal",
        "pool",
        "received",
        "reserved",
        "trouble",
        "turn",
        "uses",
    )

    def __init__(self, owner: Owner, pool: Pool, address: Address, ordinal: int) -> None:
        self._owner = owner
        self.pool = pool
        self.address = address
        self.ordinal = ordinal
        self.uses = 0
        self.turn: Turn | None = None
        self.reserved: Turn | None = None
        self.received = 0
        self.first_byte = 0.0
        self._rest: memoryview | None = None
        self._head: bytes | None = None
        self._lean: Answer | None = None
        self._collected: Answer | None = None
        self.answer: Answer | None = None
        self._secure = False
        self.is_open = False
        self.trouble = 0
        self.opened_at = clock()
        self._socket: socket.socket | SSLSocket = socket.socket(
            address.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK
        )
        self.fd = self._socket.fileno()

    def open(self) -> str:
        """Begin to connect; return the kind of failure if it failed at once, else an empty text."""
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            code = self._socket.connect_ex(self.address.place)
        except OSError as error:
            self.trouble = error.errno or 0
            return kind_of(error)
        if code not in (0, errno.EINPROGRESS):
            self.trouble = code
            return kind_of(OSError(code, ""))
        self._owner.handlers[self.fd] = self._on_connected
        self._owner.epoll.register(self.fd, _IN_OUT)
        return ""

    def close(self) -> None:
        """Close it; whatever was on its way is its owner's to settle."""
        self._owner.handlers.pop(self.fd, None)
        self._socket.close()
        self.is_open = False
        self.turn = None
        for answer in (self._lean, self._collected):
            if answer is not None:
                answer.release()
        self.answer = self._lean = self._collected = self._rest = None

    def send(self, turn: Turn) -> None:
        """Send a turn's request over this open connection, which has none on its way."""
        request = turn.request
        self.turn = turn
        self.received = 0
        self.uses += 1
        self._head = None
        if request.collects:
            self.answer = self._collecting(request)
        else:
            self.answer = self._lean
            if self.answer is None:
                self.answer = self._lean = Answer()
        self.answer.begin()
        payload = request.payload
        now = clock()
        try:
            size = self._socket.send(payload)
        except OSError as error:
            if not isinstance(error, self._owner.blocked):
                self._fail(kind_of(error), now)
                return
            size = 0
        self._owner.sent(self, turn, now, size)
        if size < len(payload):
            self._rest = memoryview(payload)[size:]
            self._owner.handlers[self.fd] = self._on_writable
            self._owner.epoll.modify(self.fd, _IN_OUT)

    def never_taken(self, kind: str) -> bool:
        """Return whether the connection was closed before the server's program can have taken the request.

        True when no byte of an answer came on a connection that had been used before, and the request was turned
        away by the server's kernel: it was still unacknowledged, or answered by a reset. An orderly end after the
        request was acknowledged is the server's doing.
        """
        if self.uses < 2 or self.received or kind != "reset":  # noqa: PLR2004 - the second use
            return False
        try:
            info = self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_SIZE)
        except OSError:
            return True
        state: int = info[0]
        (unacknowledged,) = struct.unpack_from("I", info, 24)
        return state == _CLOSED or unacknowledged > 0

    def _collecting(self, request: Request) -> Answer:
        kind = HeadAnswer if request.head_only else CollectedAnswer if request.needs_headers else BodyAnswer
        kept = self._collected
        if kept is None or request.head_only or type(kept) is not kind:
            if kept is not None:
                kept.release()
            self._collected = kept = kind()
        if isinstance(kept, CollectedAnswer):
            kept.wanted = request.answers.wanted
        return kept

    def _on_connected(self) -> None:
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self._owner.not_opened(self, kind_of(OSError(code, "")))
            return
        try:
            self._socket.getpeername()
        except OSError:
            return  # an event that was meant for the descriptor's previous owner
        context = self.pool.context
        if context is None:
            self._ready()
            return
        try:
            self._socket = context.wrap_socket(
                self._socket, server_hostname=self.pool.host, do_handshake_on_connect=False
            )
        except (OSError, ValueError) as error:
            self._owner.not_opened(self, kind_of(error))
            return
        self._secure = True
        self._owner.handlers[self.fd] = self._on_handshake
        self._on_handshake()

    def _on_handshake(self) -> None:
        try:
            self._socket.do_handshake()  # type: ignore[union-attr] # it is an SSLSocket by now
        except self._owner.blocked as error:
            wants_to_write = type(error).__name__ == "SSLWantWriteError"
            self._owner.epoll.modify(self.fd, _IN_OUT if wants_to_write else _IN)
        except OSError as error:
            kind = kind_of(error)
            self._owner.not_opened(self, "tls" if kind in ("reset", "protocol") else kind)
        else:
            self._ready()

    def _ready(self) -> None:
        self.is_open = True
        self._owner.epoll.modify(self.fd, _IN)
        self._owner.handlers[self.fd] = self._on_readable
        self._owner.opened(self)

    def _on_writable(self) -> None:
        rest = self._rest
        if rest is not None:
            try:
                size = self._socket.send(rest)
            except self._owner.blocked:
                size = 0
            except OSError:
                # The server reads no more. It may have answered before it ended the connection.
                self._owner.handlers[self.fd] = self._on_readable
                self._owner.epoll.modify(self.fd, _IN)
                self._on_readable()
                return
            self._rest = rest[size:] if size < len(rest) else None
            if self.turn is not None and size:
                self._owner.sent_more(self.turn, size)
        if self._rest is None:
            self._owner.handlers[self.fd] = self._on_readable
            self._owner.epoll.modify(self.fd, _IN)
        self._on_readable()

    def _on_readable(self) -> None:
        while True:
            try:
                size = self._socket.recv_into(_BUFFER)
            except self._owner.blocked:
                return
            except OSError as error:
                self._fail(kind_of(error), clock())
                return
            now = clock()
            turn = self.turn
            answer = self.answer
            if turn is None or answer is None:
                # The server ends a kept connection, or says something unasked.
                self._owner.lost(self, None, "", now)
                return
            if not size:
                self._on_end(answer, turn, now)
                return
            if not self._take(answer, turn, size, now) or not self._secure:
                return

    def _take(self, answer: Answer, turn: Turn, size: int, now: float) -> bool:
        """Read the bytes that came; return whether the answer still lacks some."""
        if not self.received:
            self.first_byte = now
        self.received += size
        broken = False
        try:
            answer.parser.feed_data(_VIEW[:size])
        except httptools.HttpParserError:
            broken = not (answer.complete and turn.request.head_only)
        if not broken and answer.complete:
            self._complete(answer, turn, now)
        elif broken or not self._keep_head(size):
            self._fail("protocol", now)
        else:
            return True
        return False

    def _complete(self, answer: Answer, turn: Turn, now: float) -> None:
        if answer.excess or answer.status == SWITCHING:
            self._fail("protocol", now)
            return
        if self._rest is not None:
            # Answered before the whole request was sent: what is left of it must not be taken for the next.
            answer.keep = False
        self.turn = None
        self._owner.answered(self, turn, now)

    def _keep_head(self, size: int) -> bool:
        """Keep the bytes of an unfinished answer's head, for end(); return False when it grows beyond all bounds."""
        head = self._head
        if head is None or b"\r\n\r\n" not in head:
            self._head = head = (head or b"") + bytes(_VIEW[:size])
            return len(head) <= LONGEST_HEAD or b"\r\n\r\n" in head
        return True

    def _on_end(self, answer: Answer, turn: Turn, now: float) -> None:
        if self._head is not None:
            answer.end(self._head)
        if answer.complete:
            self.turn = None
            self._owner.answered(self, turn, now)
        else:
            self._fail("reset", now)

    def _fail(self, kind: str, now: float) -> None:
        turn = self.turn
        self._owner.lost(self, turn, kind, now)


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
