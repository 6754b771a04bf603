"""Ignores SIGTERM."""

import signal

signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ignoring SIGTERM")
while True:
    signal.pause()
