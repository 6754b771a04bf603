"""An HTTP server for tests, in a process of its own, whose misbehaviour is written in the path of each request.

It prints its port, and ends when its standard input does. Arguments: optionally the hosts to listen on
(127.0.0.1) with commas between them, and a certificate and its key.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import ssl
import struct
import sys
import time
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

_SEEN: dict[str, int] = {}
_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
_RAW = {
    "ok": _OK,
    "never": b"",
    "too-long": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more",
    "twice": _OK + _OK,
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
    b"3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n",
    "informed": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + _OK,
    "garbage": b"SSH-2.0-OpenSSH_9.6\r\n",
    "gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
    % len(gzip.compress(b"ok" * 500, mtime=0))
    + gzip.compress(b"ok" * 500, mtime=0),
    "huge-head": b"HTTP/1.1 200 OK\r\nX-Filler: " + b"x" * 100_000 + b"\r\nContent-Length: 2\r\n\r\nok",
    "two-lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
    "length-and-chunks": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2\r\nok\r\n0\r\n\r\n",
    "no-length": b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nok",
    "bad-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n0\r\n\r\n",
    "old": b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "http2": b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x80",
    "only-informed": b"HTTP/1.1 100 Continue\r\n\r\n",
    "endless-head": b"HTTP/1.1 200 OK\r\n" + b"X-Filler: " + b"x" * 400_000,
}
"""Answers that are written as they stand, by behaviour."""


@dataclass(frozen=True)
class Asked:
    """A request as a behaviour sees it: count is how often this path was asked for, n and s are from its query."""

    method: str
    body: bytes
    count: int
    n: int
    s: float


class Client(asyncio.Protocol):
    """One client's connection: its requests are answered one after the other, as their paths say."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.pending = b""

    def data_received(self, data: bytes) -> None:
        """Answer each complete request."""
        self.pending += data
        while b"\r\n\r\n" in self.pending:
            head, _, rest = self.pending.partition(b"\r\n\r\n")
            length = 0
            for line in head.split(b"\r\n")[1:]:
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            if b"/early" not in head and len(rest) < length:
                return
            self.pending = rest[length:]
            method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
            self.answer(method, target, rest[:length])

    def answer(self, method: str, target: str, body: bytes) -> None:
        """Answer one request as the last part of its path says."""
        parts = urlsplit(target)
        behaviour = parts.path.rpartition("/")[2]
        if behaviour in _RAW:
            self.transport.write(_RAW[behaviour])
            return
        given = {key: values[0] for key, values in parse_qs(parts.query).items()}
        count = _SEEN[target] = _SEEN.get(target, 0) + 1
        asked = Asked(method, body, count, int(given.get("n", "0")), float(given.get("s", "0")))
        getattr(self, behaviour.replace("-", "_"))(asked)

    def slow(self, asked: Asked) -> None:
        """Answer after s seconds."""
        asyncio.get_running_loop().call_later(asked.s, self.transport.write, _OK)

    def stall(self, asked: Asked) -> None:
        """Answer; the whole server stands still for s seconds before the n-th answer."""
        if asked.count == asked.n:
            time.sleep(asked.s)
        self.transport.write(_OK)

    def reset_at_once(self, _: Asked) -> None:
        """Reset the connection."""
        self.reset()

    def reset_in_head(self, _: Asked) -> None:
        """Reset the connection when half of the head is out."""
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-")
        asyncio.get_running_loop().call_later(0.02, self.reset)

    def reset_in_body(self, _: Asked) -> None:
        """Reset the connection when half of the body is out."""
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        asyncio.get_running_loop().call_later(0.02, self.reset)

    def end_in_body(self, _: Asked) -> None:
        """End the connection when half of the body is out."""
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        self.transport.close()

    def end_unanswered(self, asked: Asked) -> None:
        """End the connection in place of every n-th answer; of each, without n."""
        if asked.n and asked.count % asked.n:
            self.transport.write(_OK)
        else:
            self.transport.close()

    def close_every(self, asked: Asked) -> None:
        """Answer, and end the connection after every n-th answer without saying so."""
        self.transport.write(_OK)
        if asked.count % asked.n == 0:
            self.transport.close()

    def close_idle(self, asked: Asked) -> None:
        """Answer, and end the connection s seconds later."""
        self.transport.write(_OK)
        asyncio.get_running_loop().call_later(asked.s, self.transport.close)

    def half_close(self, asked: Asked) -> None:
        """End this side of the connection and answer nothing; every n-th time, answer first, in the same segment."""
        if asked.n and asked.count % asked.n == 0:
            self.transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
            self.transport.write(_OK)
        self.transport.write_eof()

    def trickle(self, asked: Asked) -> None:
        """Answer byte by byte, with a wait of s seconds between them."""
        loop = asyncio.get_running_loop()
        for place in range(len(_OK)):
            loop.call_later(asked.s * place, self.transport.write, _OK[place : place + 1])

    def early(self, _: Asked) -> None:
        """Answer, as one that has read enough, and end the connection."""
        self.transport.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        self.transport.close()

    def address(self, _: Asked) -> None:
        """Answer with the address that was asked, as JSON."""
        text = b'"%s"' % self.transport.get_extra_info("sockname")[0].encode()
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(text) + text)

    def close_said(self, _: Asked) -> None:
        """Answer with Connection: close and end the connection."""
        self.transport.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
        self.transport.close()

    def until_end(self, _: Asked) -> None:
        """Answer with a body that ends where the connection does."""
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nall ")
        self.transport.write(b"of it")
        self.transport.close()

    def status(self, asked: Asked) -> None:
        """Answer with status n."""
        extra = b"" if asked.n in (204, 304) else b"Content-Length: 0\r\n"
        self.transport.write(f"HTTP/1.1 {asked.n} Whatever\r\n".encode() + extra + b"\r\n")

    def head(self, asked: Asked) -> None:
        """Announce 5,000 bytes, and send them unless asked for the head only."""
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"
        self.transport.write(answer if asked.method == "HEAD" else answer + b"x" * 5000)

    def json(self, asked: Asked) -> None:
        """Answer with the mode svc, every n-th time with rf."""
        mode = b"rf" if asked.count % asked.n == 0 else b"svc"
        text = b'{"mode": "' + mode + b'", "prediction": [0.9, 0.1]}'
        self.transport.write(b"HTTP/1.1 200 OK\r\nX-Mode: %s\r\nContent-Length: %d\r\n\r\n" % (mode, len(text)) + text)

    def echo(self, asked: Asked) -> None:
        """Answer with the request's body."""
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(asked.body) + asked.body)

    def reset(self) -> None:
        """End the connection with a reset."""
        plain = self.transport.get_extra_info("socket")
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


async def main() -> None:
    """Serve until standard input ends."""
    context = None
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[-2], sys.argv[-1])
    hosts = sys.argv[1].split(",") if len(sys.argv) in (2, 4) else ["127.0.0.1"]
    port = 0
    for host in hosts:
        server = await asyncio.get_running_loop().create_server(Client, host, port, ssl=context, backlog=1024)
        port = server.sockets[0].getsockname()[1]
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
