"""The selection of a session: which part of the project it was asked to judge."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Selection", "belongs"]


@dataclass(frozen=True, slots=True)
class Selection:
    """What was selected, as far as it decides which gates of the settings count.

    Attributes:
        paths: files, folders and node ids that were named, relative to the root of the project; empty: everything.
        left_out: node ids of the gate tests that were found and that ``-m`` leaves out.
    """

    paths: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def covers(self, gate: str, tests: tuple[str, ...]) -> bool:
        """Return whether the suite ``gate`` is inside of the selection.

        It is outside when no path that was named leads to it or into it, or when every gate test that was found in it
        is left out by ``-m``. A suite in which nothing was found is inside: that it is empty or broken must show.

        Args:
            gate: a folder, a file or a node id.
            tests: node ids of the gate tests inside of the selection.
        """
        if self.paths and not any(belongs(gate, path) or belongs(path, gate) for path in self.paths):
            return False
        return any(belongs(test, gate) for test in tests) or not any(belongs(test, gate) for test in self.left_out)


def belongs(test: str, suite: str) -> bool:
    """Return whether ``test``, a node id or a path, is ``suite`` or lies in it."""
    path, place = _plain(suite), _plain(test)
    return path in (".", place) or place.startswith((f"{path}/", f"{path}::", f"{path}["))


def _plain(path: str) -> str:
    return path.rstrip("/").removeprefix("./") or "."
