"""The judgment folder: an earlier one is kept under another name, and nobody else writes into this one."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from gonogo.errors import UsageError

__all__ = ["JudgmentFolder", "prepare"]

_LOCK = ".session.lock"
_ELSEWHERE = "give another folder with --gonogo-report"


@dataclass
class JudgmentFolder:
    """An empty folder for one session's judgment, held until it is closed.

    Attributes:
        path: the folder.
        archived: where an earlier judgment of the same name went; None when there was none.
    """

    path: Path
    archived: Path | None
    _lock: int

    def close(self) -> None:
        """Let other sessions have the folder; safe to call twice."""
        if self._lock >= 0:
            (self.path / _LOCK).unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def prepare(folder: Path) -> JudgmentFolder:
    """Make ``folder`` ready for a session: archive the judgment in it, make it anew, see that it can be written.

    An earlier judgment is renamed to ``<folder>-<UTC time of its judgment.json>`` beside it. The folder is held by a
    lock on a file in it, which the system releases when the process ends, however it ends.

    Raises:
        UsageError: it cannot be written, holds something else than a judgment, or another session writes into it.
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100 - resolve() would follow a link that shall be renamed
    try:
        archived = _archive(folder)
        folder.mkdir(parents=True, exist_ok=True)
        lock = _lock(folder)
    except OSError as error:
        raise UsageError(
            f"the judgment cannot be written here: {error.strerror or error}", where=str(folder), mend=_ELSEWHERE
        ) from error
    return JudgmentFolder(folder, archived, lock)


def _archive(folder: Path) -> Path | None:
    if not folder.exists():
        return None
    names = {entry.name for entry in folder.iterdir()}
    # The lock of a live session stands until its end; one that is left behind can be taken.
    if _LOCK in names:
        os.close(_lock(folder))
    if "judgment.json" not in names:
        if names - {_LOCK}:
            raise UsageError(
                "the folder for the judgment holds files, and no judgment is among them",
                where=str(folder),
                mend=_ELSEWHERE,
            )
        return None
    written = datetime.fromtimestamp((folder / "judgment.json").stat().st_mtime, UTC)
    stem = f"{folder.name}-{written:%Y%m%dT%H%M%SZ}"
    for number in range(1, 10_000):
        target = folder.with_name(stem if number == 1 else f"{stem}-{number}")
        if not target.exists():
            (folder / _LOCK).unlink(missing_ok=True)
            return folder.rename(target)
    raise UsageError("too many archived judgments of the same second", where=str(folder), mend="delete some of them")


def _lock(folder: Path) -> int:
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise UsageError(
            "another session is writing its judgment here", where=str(folder), mend=f"wait for its end, or {_ELSEWHERE}"
        ) from None
    return descriptor
