"""Arrivals: the kernel says when an answer came, however late it is read."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from time import monotonic as clock

import numpy as np
import pytest

from gonogo.load.engine.arrival import ROOM, Arrivals
from gonogo.load.engine.nap import may_nap
from gonogo.load.engine.pool import Pool
from tests.contracts.waiting import eventually
from tests.load.harness import Drive, Server

LATE_S = 0.05
LONG_AGO = [(1, 35, struct.pack("qq", 1, 0))]


def _stamped(
    arrivals: Arrivals, reader: socket.socket, writer: socket.socket
) -> Iterator[tuple[float, float, float] | None]:
    """Send a byte again and again; yield when it was sent, had come and was read, as soon as the kernel stamps."""
    while True:
        sent = clock()
        writer.sendall(b"x")
        while (read := clock()) < sent + LATE_S:
            arrivals.follow()
        _, ancillary, _, _ = reader.recvmsg_into([bytearray(1)], ROOM)
        yield (sent, arrivals.moment(ancillary, sent, read), read) if ancillary else None


def _knowing() -> Arrivals:
    arrivals = Arrivals()
    arrivals.moment(LONG_AGO, 10.0, 11.0)
    return arrivals


def test_what_is_read_late_has_come_before() -> None:
    """Bytes that lie in the kernel have the time at which they came, not that of the reading."""
    arrivals = Arrivals()
    with socket.create_server(("127.0.0.1", 0)) as door, socket.create_connection(door.getsockname()) as reader:
        writer, _ = door.accept()
        with writer:
            assert arrivals.stamp(reader)
            moments = _stamped(arrivals, reader, writer)
            sent, came, read = eventually(lambda: next(moments)) or (0.0, 0.0, 0.0)
    assert sent <= came < read


def test_a_clock_that_was_set_is_not_believed() -> None:
    """A stamp from before the request was sent, or from the future, gives way to the moment of reading."""
    arrivals = Arrivals()
    assert arrivals.moment(LONG_AGO, 10.0, 11.0) == 11.0


def test_a_kernel_that_does_not_tell_is_not_waited_with() -> None:
    """Without a stamp the moment of reading counts, and answers are read as they come from then on."""
    arrivals = Arrivals()
    assert arrivals.moment([], 10.0, 11.0) == 11.0
    assert not arrivals.known
    assert not may_nap(1e-4, arrivals, [])


def test_a_kernel_that_tells_again_is_believed_again() -> None:
    """It begins to stamp a moment after it was first asked to."""
    arrivals = Arrivals()
    arrivals.moment([], 10.0, 11.0)
    arrivals.moment(LONG_AGO, 10.0, 11.0)
    assert may_nap(1e-4, arrivals, [])


def _pool() -> Pool:
    return Pool(("http", "127.0.0.1", 80, ()), None)


def test_nobody_naps_while_a_request_needs_a_connection() -> None:
    """With no free connection, answers are read as they come: they free one."""
    assert not may_nap(1e-4, _knowing(), [_pool()])


@pytest.mark.parametrize("left_s", [0.01, float("inf")])
def test_nobody_naps_for_long(left_s: float) -> None:
    """Where the next request is far off, or there is none, the engine waits for answers."""
    assert not may_nap(left_s, _knowing(), [])


def test_times_are_in_order_at_a_high_rate(drive: Drive, server: Server) -> None:
    """Where answers are read afterwards, sent, first byte and done still follow each other, and nothing is lost."""
    columns = drive(f"{server.url}/ok", rate=5000, duration_s=0.4, timeout_s=30).columns
    times = np.stack([columns.due_s, columns.sent_s, columns.first_byte_s, columns.done_s])
    assert (len(columns), bool(columns.success.all())) == (2000, True)
    assert np.all(np.diff(times, axis=0) >= 0)
