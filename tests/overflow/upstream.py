"""A service behind the queue, as a process: answers what it was sent, as the test's file of orders says."""

from __future__ import annotations

import json
import sys
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

orders, log = Path(sys.argv[1]), Path(sys.argv[2])


class Handler(BaseHTTPRequestHandler):
    """Notes every request in the log, then does as ordered: ``{"status": 200, "wait_s": 0}``."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer with the body, the path and what was kept of the headers."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        with log.open("a") as notes:
            notes.write(body.decode() + "\n")
        order = json.loads(orders.read_text())
        time.sleep(order.get("wait_s", 0))
        answer = json.dumps(
            {"echo": body.decode(), "path": self.path, "secret": self.headers.get("authorization")}
        ).encode()
        self.send_response(order.get("status", 200))
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        with suppress(BrokenPipeError):  # who asked was killed
            self.end_headers()
            self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
sys.stdout.write(f"{server.server_port}\n")
sys.stdout.flush()
server.serve_forever()
