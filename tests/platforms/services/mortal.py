"""Ends after SECONDS with STATUS: mortal.py SECONDS STATUS [FILE [TIMES]]; with FILE only its first TIMES lives end."""

import sys
import time
from pathlib import Path

seconds, status = float(sys.argv[1]), int(sys.argv[2])
print(f"ending in {seconds} s with {status}")  # noqa: T201 - its output is what the tests look at
lives = 0
if len(sys.argv) > 3:
    counter = Path(sys.argv[3])
    lives = int(counter.read_text()) if counter.exists() else 0
    counter.write_text(str(lives + 1))
if len(sys.argv) > 3 and lives >= int(sys.argv[4]):
    time.sleep(3600)
time.sleep(seconds)
print("the end", file=sys.stderr)  # noqa: T201 - its output is what the tests look at
sys.exit(status)
