"""What an answer must be to be a success."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Expectation", "expectation"]


@dataclass(frozen=True, slots=True)
class Expectation:
    """One check of an answer."""


def expectation(given: object) -> tuple[Expectation, ...]:
    """Return the checks that ``expect=`` names."""
    raise TypeError(given)
