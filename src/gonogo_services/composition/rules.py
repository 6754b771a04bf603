"""Rules that exclude inputs: ``EXCLUDE_GIANT="sepal_length > 30 and petal_length > 30"``."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gonogo_services.composition.names import named
from gonogo_services.errors import SettingsError
from gonogo_services.iris.flower import FEATURES

__all__ = ["Rule", "excluding", "read_rules"]

_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_COLUMNS: Final = {name.replace(" ", "_"): column for column, name in enumerate(FEATURES)}
_TERM: Final = re.compile(r"\s*([a-z_]+)\s*(<=|>=|<|>)\s*(\S+)\s*")


@dataclass(frozen=True, slots=True)
class _Term:
    column: int
    comparison: str
    limit_cm: float

    def holds(self, flower: Sequence[float]) -> bool:
        return _COMPARISONS[self.comparison](flower[self.column], self.limit_cm)


@dataclass(frozen=True, slots=True)
class Rule:
    """A named rule: flowers of which all its comparisons hold are excluded.

    Attributes:
        name: what refusals call it.
        text: as it was written.
    """

    name: str
    text: str
    terms: tuple[_Term, ...]

    @classmethod
    def parse(cls, name: str, text: str) -> Rule:
        """Read comparisons of a length in centimetres with a number, joined by ``and``.

        Raises:
            SettingsError: ``text`` is something else; the message names the variable.
        """
        return cls(name, text, tuple(_term(name, text, part) for part in re.split(r"\sand\s", text)))

    def excludes(self, flower: Sequence[float]) -> bool:
        """Tell whether a flower, four lengths in centimetres, is excluded."""
        return all(term.holds(flower) for term in self.terms)


def read_rules(values: Mapping[str, str]) -> tuple[Rule, ...]:
    """Read ``EXCLUDE_<RULE>`` variables, sorted by the rules' names.

    Raises:
        SettingsError: one cannot be read; the message names it.
    """
    return tuple(Rule.parse(name, text) for name, text in named(values, "EXCLUDE").items())


def excluding(rules: Sequence[Rule], flower: Sequence[float]) -> Rule | None:
    """Return the first rule that excludes ``flower``, or None."""
    return next((rule for rule in rules if rule.excludes(flower)), None)


def _term(name: str, text: str, part: str) -> _Term:
    match = _TERM.fullmatch(part)
    number = match and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", match[3])
    if not match or match[1] not in _COLUMNS or not number or not math.isfinite(float(match[3])):
        raise SettingsError(
            f"EXCLUDE_{name.upper()}={text!r} cannot be read at {part.strip()!r}; write comparisons such as "
            f"'sepal_length > 30', joined by 'and', of {', '.join(_COLUMNS)}"
        )
    return _Term(_COLUMNS[match[1]], match[2], float(match[3]))
