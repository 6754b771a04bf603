"""The access log while it grows: what each request of a run met at the sidecar, joined by the request's id."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from gonogo.errors import UsageError
from gonogo.mesh.record import trace

__all__ = ["AccessLog", "Joined"]

_CHUNK: Final = 4 << 20
_LOOK_S: Final = 0.05
_LARGEST: Final = 256 << 20
ObjectArray = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """What the access records say about the requests of a run, one element each; None without a record.

    Attributes:
        flags: Envoy's response flags, sorted and separated by commas; empty for an answer of the service itself.
        service: ``namespace/name`` of the destination; empty when no route took the request.
        subset: of the destination; empty for all replicas.
        upstream: address and port of the replica that answered; empty when none was asked.
        missing: requests that should have a record and have none.
    """

    flags: ObjectArray
    service: ObjectArray
    subset: ObjectArray
    upstream: ObjectArray
    missing: int


@dataclass(slots=True)
class AccessLog:
    """A growing file of access records, read once from its beginning to its end.

    Attributes:
        path: of the file; the proxy makes it.
    """

    path: Path
    _read: int = 0
    _rest: bytes = b""
    _known: dict[str, str] = field(default_factory=dict)

    def join(self, ids: ObjectArray, expected: npt.NDArray[np.bool_], *, patience_s: float = 3.0) -> Joined:
        """Return what has been recorded of the requests with ``ids`` since the last call.

        Args:
            ids: a request's id, or None.
            expected: which requests reached the sidecar, so that a record must come.
            patience_s: how long to wait for a further record: the proxy writes them some moments after its answers.
        """
        rows = {str(name): row for row, name in enumerate(ids) if name is not None}
        columns = tuple(np.full(len(ids), None, dtype=object) for _ in range(4))
        missing = expected.copy()
        deadline = 0.0
        while True:
            before = self._read
            for line in self._lines():
                self._note(line, rows, columns, missing)
            left = int(np.count_nonzero(missing))
            if self._read > before or not deadline:
                deadline = time.monotonic() + patience_s
            if not left or time.monotonic() >= deadline:
                break
            time.sleep(_LOOK_S)
        self._shorten()
        flags, service, subset, upstream = columns
        return Joined(flags, service, subset, upstream, left)

    def _note(
        self, line: str, rows: dict[str, int], columns: tuple[ObjectArray, ...], missing: npt.NDArray[np.bool_]
    ) -> None:
        try:
            request_id, *said = trace(line)
        except UsageError:  # a line that the disk or a kill cut: its request stays without a record
            return
        row = rows.get(request_id)
        if row is None:
            return
        known = self._known
        for column, text in zip(columns, said, strict=True):
            # The same few texts stand in all rows: each is kept once.
            column[row] = known.setdefault(text, text)
        missing[row] = False

    def _lines(self) -> Iterator[str]:
        """Yield the whole lines that have been written since."""
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            return
        with file:
            file.seek(self._read)
            while chunk := file.read(_CHUNK):
                self._read += len(chunk)
                whole, newline, self._rest = (self._rest + chunk).rpartition(b"\n")
                if newline:
                    yield from filter(None, whole.decode("utf-8", errors="replace").split("\n"))

    def _shorten(self) -> None:
        """Empty a log that has become large: all of it has been read, and proxies append to what is there."""
        if self._read > _LARGEST and not self._rest and self.path.stat().st_size == self._read:
            with self.path.open("r+b") as file:
                file.truncate(0)
            self._read = 0
