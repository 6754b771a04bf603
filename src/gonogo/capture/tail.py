"""Following a file of lines that grows."""

from __future__ import annotations

from pathlib import Path

__all__ = ["Tail"]


class Tail:
    """Reads what was added to a file since the last look; a line that is not whole yet waits for the next.

    Args:
        file: may not be there yet.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._position = 0

    def lines(self) -> list[bytes]:
        """Return the lines that were added, without their breaks."""
        try:
            with self._file.open("rb") as stream:
                if stream.seek(0, 2) < self._position:
                    # Emptied since the last look.
                    self._position = 0
                stream.seek(self._position)
                content = stream.read()
        except FileNotFoundError:
            return []
        end = content.rfind(b"\n") + 1
        self._position += end
        return content[:end].splitlines()

    def skip(self) -> None:
        """Leave out what is there by now, but for a line that is not whole yet."""
        self.lines()

    def empty(self) -> None:
        """Empty the file when all that is in it has been read; who appends to it goes on at its beginning."""
        if self._file.is_file() and self._file.stat().st_size == self._position:
            with self._file.open("r+b") as stream:
                stream.truncate(0)
            self._position = 0
