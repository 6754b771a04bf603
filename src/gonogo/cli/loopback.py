"""A small HTTP server for commands that answer: one request at a time, JSON in and out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Final

from gonogo.errors import EnvironmentFault

__all__ = ["MOST_BYTES", "Respond", "serve"]

MOST_BYTES: Final = 1 << 20
"""The longest body that is read."""

Respond = Callable[[str, str, bytes], tuple[int, Mapping[str, object]]]
"""Method, path without its query, and body in; status and JSON object out."""

_TIMEOUT_S: Final = 10.0
_TOO_LONG: Final = 413


def serve(host: str, port: int, respond: Respond, announce: Callable[[str], None]) -> None:
    """Answer requests at ``host`` and ``port`` until Ctrl-C.

    Args:
        host: address to listen on.
        port: 0: any that is free.
        respond: makes the answers.
        announce: is told the URL once requests are taken.

    Raises:
        EnvironmentFault: the address cannot be listened on.
    """
    try:
        server = HTTPServer((host, port), _handler(respond))
    except OSError as error:
        raise EnvironmentFault(
            f"{host}:{port} cannot be listened on: {error.strerror or error}", mend="give another port with --serve"
        ) from error
    with server:
        announce(f"http://{host}:{server.server_port}")
        server.serve_forever()


def _handler(respond: Respond) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Reads a request and writes the answer."""

        timeout = _TIMEOUT_S  # a client that sends nothing does not keep the others waiting

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def log_message(self, *_: object) -> None:
            """Write no log: the answers say everything."""

        def _answer(self) -> None:
            body: Mapping[str, object]
            length = self.headers.get("Content-Length", "0")
            if not length.isdecimal() or int(length) > MOST_BYTES:
                self.close_connection = True
                status, body = _TOO_LONG, {"error": f"a body of at most {MOST_BYTES} bytes is read"}
            else:
                path = self.path.partition("?")[0]
                status, body = respond(self.command, path, self.rfile.read(int(length)))
            content = json.dumps(body, allow_nan=False).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Handler
