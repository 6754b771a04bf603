"""Outcomes as exit statuses and as lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import typer

from gonogo.verdicts.verdict import Outcome, Verdict

__all__ = ["EXIT_STATUS", "echo_verdicts", "verdict_json"]

EXIT_STATUS: Final = {Outcome.GO: 0, Outcome.NO_GO: 1, Outcome.INCONCLUSIVE: 3}


def echo_verdicts(verdicts: Sequence[Verdict]) -> None:
    """Print one line for each verdict."""
    for verdict in verdicts:
        typer.echo(f"{verdict.outcome:<12}  {verdict.expression}: {verdict.reason}")


def verdict_json(verdict: Verdict) -> dict[str, object]:
    """Return a verdict as strict JSON: open ends and unknown figures are null."""
    figures = {key: getattr(verdict, key) for key in ("observed", "low", "high", "limit")}
    return {
        "expression": verdict.expression,
        **{key: value if math.isfinite(value) else None for key, value in figures.items()},
        "unit": verdict.unit,
        "n": verdict.n,
        "confidence": verdict.confidence,
        "verdict": str(verdict.outcome),
        "reason": verdict.reason,
    }
