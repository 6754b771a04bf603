"""The last part of a path as a value that the client chooses, such as the id of a job."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from gonogo_services.serving.refusal import Refusal

__all__ = ["MAX_KEY_LENGTH", "PathKey"]

MAX_KEY_LENGTH: Final = 128

_UNPROCESSABLE = 422
# No slash, no dots alone: what a client, a proxy or a file system would read as something else than a name.
_PATTERN: Final = "[A-Za-z0-9_][A-Za-z0-9._:~-]*"
_KEY: Final = re.compile(_PATTERN.encode())


@dataclass(frozen=True, slots=True)
class PathKey:
    """A named part of a path: 1 to 128 letters, digits or ``. _ : ~ -``, the first a letter, a digit or ``_``.

    Attributes:
        name: as in the path's template and in answers.
        description: one sentence for the documentation.
    """

    name: str
    description: str

    def read(self, raw: bytes) -> str:
        """Return the key that ``raw``, a part of a request's path as it was sent, stands for.

        Raises:
            Refusal: 422; it is no key. The message does not repeat it.
        """
        given = unquote_to_bytes(raw) if b"%" in raw else raw
        if len(given) > MAX_KEY_LENGTH or not _KEY.fullmatch(given):
            raise Refusal(
                _UNPROCESSABLE,
                self.name,
                f"give 1 to {MAX_KEY_LENGTH} letters, digits or . _ : ~ - that begin with a letter, a digit or _",
            )
        return given.decode("ascii")

    def documentation(self) -> dict[str, Any]:
        """Return the OpenAPI parameter object."""
        schema = {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH, "pattern": f"^{_PATTERN}$"}
        return {"name": self.name, "in": "path", "required": True, "description": self.description, "schema": schema}
