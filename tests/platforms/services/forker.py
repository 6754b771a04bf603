"""Forks a child, and a grandchild that leaves the session and loses its parent, and waits. Prints their pids."""

import os
import signal

child = os.fork()
if child == 0:
    grandchild = os.fork()
    if grandchild == 0:
        os.setsid()
        print("grandchild", os.getpid())  # noqa: T201 - its output is what the tests look at
        signal.pause()
    if os.environ.get("ORPHAN") == "yes":
        os._exit(0)
    signal.pause()
print("child", child)  # noqa: T201 - its output is what the tests look at
signal.pause()
