"""What a check is: a rule, and a function that finds what breaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gonogo.manifests.build import Assembly
from gonogo.manifests.findings import Finding
from gonogo.manifests.rule import Rule

__all__ = ["Check"]


@dataclass(frozen=True, slots=True)
class Check:
    """A rule and what finds its breaches. ``find`` is pure."""

    rule: Rule
    find: Callable[[Assembly], Iterable[Finding]]
