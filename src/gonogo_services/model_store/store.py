"""What a model store is to the loader."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

__all__ = ["Store"]


class Store(Protocol):
    """A place that holds models by name."""

    def source(self, name: str) -> str:
        """Return how messages call the model: a path or an address, never a secret."""
        ...

    def chunks(self, name: str) -> Iterator[bytes]:
        """Give the model's content, in pieces of bounded size.

        Raises:
            StoreError: it is not there or cannot be read to its end; ``transient`` says whether to try again.
        """
        ...
