"""Ignores SIGTERM."""

import signal

signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ignoring SIGTERM")  # noqa: T201 - its output is what the tests look at
while True:
    signal.pause()
