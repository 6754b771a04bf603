"""What a contract on routing says: ``target: mountain -> plant``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from gonogo.errors import GrammarError

__all__ = ["Routing", "read_routing"]

_TEXT: Final = re.compile(r"\s*([A-Za-z0-9!#$%&'*+.^_`|~-]+)\s*:\s*(\S(?:.*\S)?)\s*->\s*(\S+)\s*")
_MEND: Final = "write as in routed[target: mountain -> plant] == 100%"


@dataclass(frozen=True, slots=True)
class Routing:
    """Requests with the header ``header: value``, and they alone, go to ``to``.

    Attributes:
        to: a Service (``name`` or ``namespace/name``) or a subset.
    """

    header: str
    value: str
    to: str

    def __str__(self) -> str:
        return f"{self.header}: {self.value} -> {self.to}"


def read_routing(text: str) -> Routing:
    """Return the contract that ``text`` says.

    Raises:
        GrammarError: it cannot be read.
    """
    found = _TEXT.fullmatch(text)
    if not found:
        raise GrammarError(f"{text!r} says no routing", mend=_MEND)
    return Routing(*found.groups())
