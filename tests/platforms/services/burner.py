"""Burns CPU for ever in a child of its own, which is replaced every SECONDS."""

import os
import sys
import time

while True:
    child = os.fork()
    if child == 0:
        until = time.monotonic() + float(sys.argv[1])
        while time.monotonic() < until:
            sum(range(10_000))
        os._exit(0)
    os.waitpid(child, 0)
