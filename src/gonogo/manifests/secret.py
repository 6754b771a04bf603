"""Text and bytes that came from a Secret: they work like any other, but their repr does not show them."""

from __future__ import annotations

__all__ = ["SecretBytes", "SecretText"]


class SecretText(str):
    """Text from a Secret. Equal to the same plain text; ``repr`` shows stars, so no log or traceback gives it away."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class SecretBytes(bytes):
    """Bytes from a Secret, likewise."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "b'***'"
