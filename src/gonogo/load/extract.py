"""What is kept of each request and its answer, as further columns of the run.

=====================  =============================================================
``extract=`` value     the column has
=====================  =============================================================
``"$.mode"``           what stands at this path of the answer's JSON
``"header X-Mode"``    the answer's header
``"{user}"``           what filled this place of the request
``"{row.species}"``    likewise, also where the request itself does not show it
=====================  =============================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gonogo.errors import TargetError
from gonogo.load.json_path import steps
from gonogo.load.spool import COLUMNS
from gonogo.load.template import Place, split

__all__ = ["Extraction", "extractions"]

_MEND = "write '$.path', 'header NAME', '{user}', '{request_id}' or '{row.NAME}'"
_TEXTS_AROUND = ("", "")


@dataclass(frozen=True, slots=True)
class Extraction:
    """One further column.

    Attributes:
        name: of the column.
        source: where its values come from, in one of the forms of the table above.
    """

    name: str
    source: str

    def __post_init__(self) -> None:
        taken = {name for name, _ in COLUMNS}
        if not self.name or self.name.lower() in taken:
            raise TargetError(
                f"an extracted column cannot be called {self.name!r}",
                where="extract=",
                mend="give it a name other than those of every run: " + ", ".join(sorted(taken)),
            )
        if self.source.startswith("$"):
            steps(self.source)
        elif not self.header and self.place is None:
            raise TargetError(f"{self.source!r} cannot be extracted", where=f"extract= {self.name}", mend=_MEND)

    @property
    def header(self) -> str:
        """The header's name in lower case; empty when it comes from elsewhere."""
        word, _, name = self.source.partition(" ")
        return name.strip().lower() if word == "header" else ""

    @property
    def place(self) -> Place | None:
        """The place of the request's template; None when the value is the answer's."""
        parts = split(self.source)
        if len(parts) == 3 and (parts[0], parts[2]) == _TEXTS_AROUND:  # noqa: PLR2004 - a place between two empty texts
            found = parts[1]
            return found if isinstance(found, Place) and found.word != "filler" else None
        return None


def extractions(given: Mapping[str, str] | None) -> tuple[Extraction, ...]:
    """Return the further columns that ``extract=`` names.

    Raises:
        TargetError: a name or a source cannot be used, or two names differ only in case.
    """
    made = []
    lower: set[str] = set()
    for name, source in (given or {}).items():
        if not isinstance(source, str):
            raise TargetError(f"{source!r} cannot be extracted", where=f"extract= {name}", mend=_MEND)
        if name.lower() in lower:
            raise TargetError(f"two columns are called {name!r}", where="extract=", mend="give each its own name")
        lower.add(name.lower())
        made.append(Extraction(name, source))
    return tuple(made)
