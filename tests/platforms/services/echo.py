"""A small HTTP service: tells its process id, environment, arguments and files; its readiness can be switched.

GET /pid, /life (no other process has the same), /environment,
/arguments, /file?PATH · POST /sick makes /health answer 503, POST /well 200 again ·
GET /fetch?HOST:PORT asks another such service for its pid.
"""

import json
import os
import sys
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import uuid4

LIFE = str(uuid4())


class Handler(BaseHTTPRequestHandler):
    """Answers in JSON."""

    protocol_version = "HTTP/1.1"
    well = True

    def do_GET(self) -> None:
        """Tell."""
        parts = urlsplit(self.path)
        asked = unquote(parts.query)
        match parts.path:
            case "/health":
                self.answer("ok" if Handler.well else "sick", 200 if Handler.well else 503)
            case "/pid":
                self.answer(os.getpid())
            case "/life":
                self.answer(LIFE)
            case "/environment":
                self.answer(dict(os.environ))
            case "/arguments":
                self.answer(sys.argv[1:])
            case "/cwd":
                self.answer(str(Path.cwd()))
            case "/cores":
                self.answer(sorted(os.sched_getaffinity(0)))
            case "/file":
                self.answer([Path(asked).read_text(), oct(Path(asked).stat().st_mode & 0o777)])
            case "/fetch":
                connection = HTTPConnection(asked, timeout=60)
                connection.request("GET", "/pid")
                self.answer(json.loads(connection.getresponse().read()))
                connection.close()
            case _:
                self.answer("unknown", 404)

    def do_POST(self) -> None:
        """Switch readiness, or end."""
        Handler.well = self.path == "/well"
        self.answer(Handler.well)

    def answer(self, value: object, status: int = 200) -> None:
        """Send ``value`` as JSON."""
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the class above
        """Log requests other than probes."""
        if self.path != "/health":
            print(format % args)  # noqa: T201 - its output is what the tests look at


def main(host: str, port: int) -> None:
    """Serve."""
    print(f"listening on {host}:{port}")  # noqa: T201 - its output is what the tests look at
    ThreadingHTTPServer((host, port), Handler).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
