"""Forks a child, and a grandchild that leaves the session and loses its parent, and waits. Writes their pids.

Each pid is one write, so that lines of two processes do not mix.
"""

import os
import signal
import sys

child = os.fork()
if child == 0:
    grandchild = os.fork()
    if grandchild == 0:
        os.setsid()
        sys.stdout.write(f"grandchild {os.getpid()}\n")
        signal.pause()
    if os.environ.get("ORPHAN") == "yes":
        os._exit(0)
    signal.pause()
sys.stdout.write(f"child {child}\n")
signal.pause()
