"""A model file as a service holds it: read once, so that all workers, now and later, answer with the same model."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from gonogo_services.errors import ModelError

__all__ = ["ModelFile"]


@dataclass(frozen=True, slots=True)
class ModelFile:
    """The content of a model file and where it came from."""

    path: Path
    content: bytes

    @classmethod
    def read(cls, path: Path) -> ModelFile:
        """Read the file at ``path``.

        Raises:
            ModelError: it is missing, no regular file, not readable, or empty.
        """
        if not path.exists():
            raise ModelError(f"the model file {path} does not exist; has the model loader run?")
        if not path.is_file():
            raise ModelError(f"the model file {path} is no regular file")
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelError(f"the model file {path} cannot be read: {error.strerror}") from error
        if not content:
            raise ModelError(f"the model file {path} is empty")
        return cls(path, content)

    @property
    def sha256(self) -> str:
        """The SHA-256 of the content, 64 hexadecimal digits."""
        return hashlib.sha256(self.content).hexdigest()
