"""Writing a file so that a reader sees the old one or the new one, never a part."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from gonogo.errors import EnvironmentFault

__all__ = ["replace_file"]

_MODE = 0o644


def replace_file(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8 to ``path``, whose folder exists, by renaming a complete file onto it.

    Raises:
        EnvironmentFault: the folder cannot be written, or the disk is full; the old file stands as it was.
    """
    temporary = ""
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace", newline="\n") as file:
            file.write(text)
            os.fchmod(file.fileno(), _MODE)
        os.replace(temporary, path)  # noqa: PTH105 - the name of the temporary file is text
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise EnvironmentFault(
            f"it cannot be written: {error.strerror or error}",
            where=str(path),
            mend="make room on the disk or the folder writable; what was written before stands",
        ) from error
