"""A program in a Pod over the API server's exec: what it wrote is read to its end, and why it ended is told."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from kubernetes.stream.ws_client import ERROR_CHANNEL, STDERR_CHANNEL, STDIN_CHANNEL, STDOUT_CHANNEL
from websocket import WebSocketConnectionClosedException

from gonogo.errors import EnvironmentFault
from gonogo.platforms.cluster.generator_line import ExecLine


@dataclass
class _Connection:
    sock: socket.socket


@dataclass
class _Stream:
    """The client's connection, with what comes written down beforehand: one update each."""

    sock: _Connection
    comes: list[dict[int, bytes]] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)
    open: bool = True
    broken: bool = False
    _has: dict[int, bytes] = field(default_factory=dict)

    def update(self, timeout: float) -> None:
        del timeout
        if self.broken:
            raise WebSocketConnectionClosedException("Connection to remote host was lost.")
        if self.comes:
            for channel, data in self.comes.pop(0).items():
                self._has[channel] = self._has.get(channel, b"") + data

    def read_channel(self, channel: int) -> bytes:
        return self._has.pop(channel, b"")

    def write_channel(self, channel: int, data: bytes) -> None:
        assert channel == STDIN_CHANNEL
        if self.broken:
            raise WebSocketConnectionClosedException("socket is already closed.")
        self.sent.append(data)

    def is_open(self) -> bool:
        return self.open

    def close(self, *, timeout: int) -> None:
        del timeout
        self.open = False


@pytest.fixture
def stream() -> Iterator[_Stream]:
    """A connection over which something always seems to come."""
    ours, theirs = socket.socketpair()
    theirs.send(b"x")
    with ours, theirs:
        yield _Stream(_Connection(ours))


@pytest.fixture
def line(stream: _Stream) -> ExecLine:
    """A line over it; the cluster has nothing to say."""
    return ExecLine(stream, "Pod a/b", lambda known: known)


def test_output_that_comes_with_the_end_is_not_lost(line: ExecLine, stream: _Stream) -> None:
    """The last rows and the word that the program has ended may come together."""
    stream.comes = [{STDOUT_CHANNEL: b"rows", ERROR_CHANNEL: b'{"status":"Success"}'}]
    assert line.receive(5.0) == b"rows"
    assert line.receive(5.0) is None


def test_nothing_yet_is_no_end(line: ExecLine) -> None:
    """A silent program goes on."""
    assert line.receive(5.0) == b""


def test_what_is_sent_reaches_standard_input(line: ExecLine, stream: _Stream) -> None:
    """As it is."""
    line.send(b"\x00\xff")
    assert stream.sent == [b"\x00\xff"]


def test_the_last_words_are_told(line: ExecLine, stream: _Stream) -> None:
    """The last line of standard error says why."""
    stream.comes = [{STDERR_CHANNEL: b"Traceback\nNo module named gonogo\n", ERROR_CHANNEL: b'{"status":"Failure"}'}]
    assert line.receive(5.0) is None
    assert line.why() == "it ended by itself: No module named gonogo"


def test_a_connection_that_breaks_is_an_end(line: ExecLine, stream: _Stream) -> None:
    """And the reason is told."""
    stream.broken = True
    assert line.receive(5.0) is None
    assert line.why() == "the stream from it broke off (Connection to remote host was lost.)"
    with pytest.raises(EnvironmentFault, match="Pod a/b: the stream to it broke off"):
        line.send(b"x")


def test_the_cluster_has_the_last_word(stream: _Stream) -> None:
    """That the Pod was deleted says more than that the stream broke off."""
    line = ExecLine(stream, "Pod a/b", lambda _: "its Pod was deleted")
    stream.broken = True
    assert line.receive(5.0) is None
    assert line.why() == "its Pod was deleted"


def test_a_line_that_was_closed_was_ended_from_here(line: ExecLine, stream: _Stream) -> None:
    """Nobody else is to blame; closing twice is safe."""
    line.close()
    line.close()
    assert not stream.open
    assert line.why() == "it was ended"
