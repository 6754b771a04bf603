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
from gonogo.load.engine.arrival import ROOM, Arrivals
from gonogo.load.engine.failure import kind_of
from gonogo.load.engine.request import Request
from gonogo.load.engine.turn import Turn

if TYPE_CHECKING:
    from ssl import SSLSocket

    from gonogo.load.engine.address import Address
    from gonogo.load.engine.journal import Journal
    from gonogo.load.engine.pool import Pool

__all__ = ["Connection", "Owner"]

_IN: Final = select.EPOLLIN | select.EPOLLRDHUP
_IN_OUT: Final = _IN | select.EPOLLOUT
_BUFFER: Final = bytearray(256 * 1024)
_VIEW: Final = memoryview(_BUFFER)
_BUFFERS: Final = (_BUFFER,)
_LARGE: Final = 32 * 1024  # an answer of so much may fill the kernel's buffers before it is read
_TCP_INFO_SIZE: Final = 104
_CLOSED: Final = 7  # TCP_CLOSE of linux/tcp_states.h


class Owner(Protocol):
    """Who keeps the connections: the engine.

    Attributes:
        handlers: what to call when a descriptor has something to say.
        blocked: the errors with which sockets say "not now".
        arrivals: tells when answers came; None: they count as come when they are read.
        writing: connections that have sent a part of a request.
        journal: where it is written down what was sent.
    """

    handlers: dict[int, Callable[[], None]]
    epoll: select.epoll
    blocked: tuple[type[OSError], ...]
    arrivals: Arrivals | None
    writing: int
    journal: Journal

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
        "_sent_at",
        "_socket",
        "_stamped",
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
        self._stamped = False
        self._sent_at = 0.0
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
            arrivals = self._owner.arrivals
            self._stamped = arrivals is not None and self.pool.context is None and arrivals.stamp(self._socket)
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
        if self._rest is not None:
            self._owner.writing -= 1
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
        self._sent_at = now = clock()
        try:
            size = self._socket.send(payload)
        except OSError as error:
            if not isinstance(error, self._owner.blocked):
                self._fail(kind_of(error), now)
                return
            size = 0
        self._owner.journal.sent(turn.row, self.ordinal, now, size)
        if size < len(payload):
            self._rest = memoryview(payload)[size:]
            self._owner.writing += 1
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
        self._owner.handlers[self.fd] = self._reader
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
                self._owner.handlers[self.fd] = self._reader
                self._owner.epoll.modify(self.fd, _IN)
                self._reader()
                return
            self._rest = rest[size:] if size < len(rest) else None
            if self._rest is None:
                self._owner.writing -= 1
            if self.turn is not None and size:
                self._owner.journal.sent_more(self.turn.row, size)
        if self._rest is None:
            self._owner.handlers[self.fd] = self._reader
            self._owner.epoll.modify(self.fd, _IN)
        self._reader()

    @property
    def _reader(self) -> Callable[[], None]:
        return self._on_stamped if self._stamped else self._on_readable

    def _on_stamped(self) -> None:
        """Read what came, with the time at which it came."""
        try:
            size, ancillary, _, _ = self._socket.recvmsg_into(_BUFFERS, ROOM)  # type: ignore[arg-type] # no SSLSocket is stamped
        except self._owner.blocked:
            return
        except OSError as error:
            self._fail(kind_of(error), clock())
            return
        now = clock()
        turn, answer, arrivals = self.turn, self.answer, self._owner.arrivals
        if turn is None or answer is None or arrivals is None:
            self._owner.lost(self, None, "", now)
        elif not size:
            self._on_end(answer, turn, now)
        elif self._take(answer, turn, size, arrivals.moment(ancillary, self._sent_at, now)) or size > _LARGE:
            self.pool.prompt = True

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
        whole = b""
        if not self.received:
            self.first_byte = now
            answers = turn.request.answers
            if answers.recalls:
                whole = bytes(_VIEW[:size])
                known = answers.recall(whole)
                if known is not None and self._rest is None:
                    self.received = size
                    answer.status, answer.taken = known
                    answer.keep = True
                    self.turn = None
                    self._owner.answered(self, turn, now)
                    return False
        self.received += size
        broken = False
        try:
            answer.parser.feed_data(_VIEW[:size])
        except httptools.HttpParserError:
            broken = not (answer.complete and turn.request.head_only)
        if not broken and answer.complete:
            if answer.excess or answer.status == SWITCHING or self._rest is not None:
                self._complete(answer, turn, now)
            else:
                if whole and answer.keep:
                    answer.taken = answers.take(answer.status, answer.headers, answer.body)
                    answers.remember(whole, answer.status, answer.taken)
                self.turn = None
                self._owner.answered(self, turn, now)
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
