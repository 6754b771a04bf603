"""Which subset got each request, while a load goes on: the sidecar's access log, read as it grows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np

from gonogo.errors import UsageError
from gonogo.measures.arms import SUBSET
from gonogo.mesh.record import access_record
from gonogo.runs.run import ERRORS, Columns
from gonogo.suite.traffic import REQUEST_ID

__all__ = ["SubsetLog"]

_LATE_S: Final = 3.0
_CUT: Final = ERRORS.index("cut")


@dataclass(slots=True)
class SubsetLog:
    """Follows an access log from where it ends now.

    Attributes:
        path: of the file.
    """

    path: Path
    _read: int = 0
    _rest: bytes = b""
    _subset: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._read = self.path.stat().st_size if self.path.exists() else 0

    def known(self, columns: Columns, *, now_s: float) -> Columns:
        """Return the requests up to the first of which something is missing yet, with the subset that each went to.

        The record of an answer comes some moments after it. One that has not come within 3 s never will: its request
        has no subset.

        Args:
            columns: a snapshot of the load.
            now_s: when it was taken, on its clock.
        """
        self._follow()
        ids = columns.extracted.get(REQUEST_ID)
        if ids is None:
            raise UsageError(
                "requests go past the client's sidecar",
                where="rollout",
                mend="aim the target at a Service that traffic rules speak for, without direct=True",
            )
        subsets = np.array([self._subset.get(str(name)) for name in ids], dtype=object)
        unrecorded = np.array([subset is None for subset in subsets], dtype=np.bool_)
        recent = np.nan_to_num(columns.done_s, nan=np.inf) > now_s - _LATE_S
        sent = ~np.isnan(columns.sent_s)
        open_ = np.flatnonzero((columns.error == _CUT) | (unrecorded & recent & sent))
        whole = replace(columns, extracted={**columns.extracted, SUBSET: subsets})
        return whole.first(int(open_[0])) if len(open_) else whole

    def _follow(self) -> None:
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self._read)
            new = file.read()
        self._read += len(new)
        *lines, self._rest = (self._rest + new).split(b"\n")
        for line in lines:
            try:
                record = access_record(line.decode("utf-8", errors="replace"))
            except UsageError:  # a line that was cut: its request stays without a subset
                continue
            self._subset[record.request_id] = record.subset
