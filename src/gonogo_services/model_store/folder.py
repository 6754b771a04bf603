"""A folder as a model store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from gonogo_services.errors import SettingsError, StoreError

__all__ = ["FolderStore"]

_CHUNK_BYTES = 1 << 20


class FolderStore:
    """Models as files under a folder.

    Args:
        location: a path, or a ``file://`` URL of this machine.

    Raises:
        SettingsError: the URL names another host.
    """

    def __init__(self, location: str) -> None:
        if location.startswith("file:"):
            parts = urlsplit(location)
            if parts.netloc not in ("", "localhost"):
                raise SettingsError(f"MODEL_STORE={location!r} names the host {parts.netloc!r}; write file:///folder")
            location = unquote(parts.path)
        self._folder = Path(location)

    def source(self, name: str) -> str:
        """Return the file's path."""
        return str(self._folder / name)

    def chunks(self, name: str) -> Iterator[bytes]:
        """Give the file's content."""
        try:
            with (self._folder / name).open("rb") as file:
                while chunk := file.read(_CHUNK_BYTES):
                    yield chunk
        except OSError as error:
            raise StoreError(f"{error.strerror}") from error
