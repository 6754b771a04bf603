"""Bringing one model from a store to a file: whole, verified, or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gonogo_services.errors import StoreError
from gonogo_services.model_store.store import Store
from gonogo_services.whole_file import written_whole

__all__ = ["MAX_MODEL_BYTES", "Loaded", "load"]

MAX_MODEL_BYTES = 2 << 30

_PAUSES_S = (0.5, 1.0, 2.0, 4.0)
_DEADLINE_S = 600.0


@dataclass(frozen=True, slots=True)
class Loaded:
    """What has been written: bytes, and their SHA-256."""

    size: int
    sha256: str


def load(
    store: Store,
    name: str,
    destination: Path,
    *,
    sha256: str = "",
    sleep: Callable[[float], None],
    clock: Callable[[], float],
    pauses_s: Sequence[float] = _PAUSES_S,
    deadline_s: float = _DEADLINE_S,
    max_bytes: int = MAX_MODEL_BYTES,
) -> Loaded:
    """Copy the model called ``name`` to ``destination``; what stood there stays until the new file is whole.

    Args:
        store: where the model is.
        name: its name in the store.
        destination: the file to write; its folder is made.
        sha256: what the content must hash to; empty to take what comes.
        sleep: waits a number of seconds between attempts.
        clock: steady seconds.
        pauses_s: how long to wait before each further attempt, after a failure that may pass.
        deadline_s: seconds that all attempts together may take.
        max_bytes: the largest model that is taken.

    Raises:
        StoreError: the model did not arrive whole and right; names the source and the reason.
    """
    give_up_at = clock() + deadline_s
    pauses = iter(pauses_s)
    attempts = 0
    while True:
        attempts += 1
        try:
            return _copy(store, name, destination, sha256, lambda: clock() > give_up_at, max_bytes)
        except StoreError as error:
            pause_s = next(pauses, None) if error.transient and clock() < give_up_at else None
            if pause_s is None:
                tried = f" ({attempts} attempts)" if attempts > 1 else ""
                raise StoreError(f"{store.source(name)} did not arrive: {error}{tried}") from error
        sleep(pause_s)


def _copy(store: Store, name: str, destination: Path, sha256: str, late: Callable[[], bool], max_bytes: int) -> Loaded:
    digest, size = hashlib.sha256(), 0
    try:
        with written_whole(destination) as file:
            for chunk in store.chunks(name):
                size += len(chunk)
                if size > max_bytes:
                    raise StoreError(f"it is larger than {max_bytes} bytes")
                if late():
                    raise StoreError(f"the time was over after {size} bytes")
                digest.update(chunk)
                file.write(chunk)
            _verify(size, digest.hexdigest(), sha256)
    except OSError as error:
        raise StoreError(f"{destination} cannot be written: {error.strerror}") from error
    return Loaded(size, digest.hexdigest())


def _verify(size: int, found: str, wanted: str) -> None:
    if size == 0:
        raise StoreError("it is empty")
    if wanted and found != wanted:
        raise StoreError(f"its SHA-256 is {found}, not {wanted} as MODEL_SHA256 says")
