"""Takes MEBIBYTES of memory and keeps them."""

import signal
import sys

taken = bytearray(int(sys.argv[1]) * 1024 * 1024)
for page in range(0, len(taken), 4096):
    taken[page] = 1
print("full")  # noqa: T201 - its output is what the tests look at
signal.pause()
