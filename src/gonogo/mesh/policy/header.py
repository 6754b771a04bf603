"""Headers that a route changes on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["UNCHANGED", "HeaderChange"]


@dataclass(frozen=True, slots=True)
class HeaderChange:
    """Headers to set (replace), to add (beside what is there) and to remove, by name."""

    set: tuple[tuple[str, str], ...] = ()
    add: tuple[tuple[str, str], ...] = ()
    remove: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.set or self.add or self.remove)

    @property
    def authority(self) -> str:
        """The Host header that is set or added; empty when none is."""
        named = [value for name, value in (*self.add, *self.set) if name.lower() in ("host", ":authority")]
        return named[-1] if named else ""

    def then(self, other: HeaderChange) -> HeaderChange:
        """Return both changes, ``other`` after this one."""
        return HeaderChange(self.set + other.set, self.add + other.add, self.remove + other.remove)

    def plain(self) -> HeaderChange:
        """Return the change without the Host header and HTTP/2's own ones, which no proxy adds or removes."""
        return HeaderChange(
            tuple(pair for pair in self.set if _changeable(pair[0])),
            tuple(pair for pair in self.add if _changeable(pair[0])),
            tuple(name for name in self.remove if _changeable(name)),
        )


UNCHANGED: Final = HeaderChange()


def _changeable(name: str) -> bool:
    return not name.startswith(":") and name.lower() != "host"
