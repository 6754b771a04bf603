"""The relay: stands for the forwarder in a container, whose input and output it passes on."""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

import docker

__all__ = ["main"]


def main() -> int:
    """Start the container that ``GONOGO_BOOTH`` names, feed it standard input and print its output until it ends."""
    client = docker.DockerClient.from_env()
    booth = os.environ["GONOGO_BOOTH"]
    api = client.api
    stdin = api.attach_socket(booth, params={"stdin": 1, "stream": 1})
    output = api.attach(booth, stdout=True, stderr=True, stream=True)
    api.start(booth)
    threading.Thread(target=_feed, args=(stdin,), daemon=True).start()
    for part in output:
        sys.stdout.buffer.write(part)
        sys.stdout.buffer.flush()
    return int(api.wait(booth)["StatusCode"])


def _feed(stdin: Any) -> None:  # noqa: ANN401 - a socket, or the client's wrapping of one
    connection = getattr(stdin, "_sock", stdin)
    while part := os.read(0, 65_536):
        connection.sendall(part)
    os._exit(0)  # the keeper has ended, or wants no forwarder any more
