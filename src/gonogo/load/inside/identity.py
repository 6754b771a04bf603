"""What a worker is made of: session and worker must drive load by the same code."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import gonogo

__all__ = ["identity"]

_SOURCES = ("errors.py", "units.py", "load/*.py", "load/engine/*.py", "load/inside/*.py")


def identity() -> dict[str, str]:
    """Return what must be the same on both sides: a digest of the engine's source, and how numbers lie in memory."""
    root = Path(gonogo.__file__).parent
    total = hashlib.sha256()
    for path in sorted(path for pattern in _SOURCES for path in root.glob(pattern)):
        content = path.read_bytes()
        total.update(f" {path.relative_to(root).as_posix()} {len(content)} ".encode() + content)
    return {"engine": total.hexdigest()[:16], "byte order": sys.byteorder}
