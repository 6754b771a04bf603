"""A server whose answers take exactly as long as was drawn: ``python -m bench.engine.delaying_server JSON``.

It prints its port, serves until its standard input ends, and spins, so that its own timing is exact to microseconds.
The JSON has ``delays_s``, one for each request in order of arrival; ``queue`` (one request is served at a time, and
its delay is its service time); ``stall_at``, ``stall_s`` (at the arrival of this request it stands still for so long).
"""

from __future__ import annotations

import heapq
import json
import os
import select
import socket
import sys
from time import monotonic as clock
from typing import Any

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def main() -> None:
    """Serve."""
    given: dict[str, Any] = json.loads(sys.stdin.readline())
    os.sched_setaffinity(0, {given["cpu"]})
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    listener.settimeout(0)
    print(listener.getsockname()[1], flush=True)
    poll = select.epoll()
    poll.register(listener, select.EPOLLIN)
    poll.register(sys.stdin, select.EPOLLIN)
    clients: dict[int, socket.socket] = {}
    delays, queue = given["delays_s"], given["queue"]
    waiting: list[tuple[float, int]] = []
    arrived, free_at = 0, 0.0
    while True:
        for fd, _ in poll.poll(0):
            if fd == listener.fileno():
                client, _ = listener.accept()
                client.settimeout(0)
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                clients[client.fileno()] = client
                poll.register(client, select.EPOLLIN)
            elif fd == sys.stdin.fileno():
                return
            else:
                data = clients[fd].recv(65536)
                now = clock()
                if not data:
                    poll.unregister(fd)
                    clients.pop(fd).close()
                    continue
                if arrived == given["stall_at"]:
                    until = now + given["stall_s"]
                    while (now := clock()) < until:
                        pass
                delay = delays[arrived % len(delays)]
                arrived += 1
                free_at = max(now, free_at) + delay
                heapq.heappush(waiting, (free_at if queue else now + delay, fd))
        now = clock()
        while waiting and waiting[0][0] <= now:
            _, fd = heapq.heappop(waiting)
            if fd in clients:
                clients[fd].send(_ANSWER)


if __name__ == "__main__":
    main()
