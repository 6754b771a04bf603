"""Facts that a suite states: a figure that it counted or timed itself, held against a limit.

``batch.rows_predicted_once == 1000``, ``batch.duration <= 10min``, ``batch.failed <= 0.1%``: the name is the suite's
own, with a dot in it so that it cannot be taken for a measure of a run; the limit says the unit.
"""

from __future__ import annotations

import math
import re
from typing import Final, get_args

from gonogo.errors import GrammarError
from gonogo.verdicts.claims import holds
from gonogo.verdicts.criterion import Comparison, Criterion, MeasureName, Operator
from gonogo.verdicts.evidence import Missing
from gonogo.verdicts.limits import canonical_limit, parse_limit
from gonogo.verdicts.missing import judge_missing
from gonogo.verdicts.ruling import rule, without_data
from gonogo.verdicts.verdict import Verdict
from gonogo.verdicts.wording import capital, limit_text, show

__all__ = ["judge_stated", "parse_stated"]

_EXAMPLE: Final = "batch.rows_predicted_once == 1000"
_FORM: Final = re.compile(r"\s*([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+)\s*(<=|>=|==|!=|<|>)\s*(\S.*?)\s*")


def parse_stated(text: str) -> Criterion:
    """Return the criterion that ``text`` says.

    Raises:
        GrammarError: it has no name with a dot, no comparison, or a limit that is no count, duration or share.
    """
    form = _FORM.fullmatch(text)
    if form is None:
        raise GrammarError(
            f"{text!r} states no fact",
            mend=f"write a name with a dot, one of {', '.join(get_args(Operator))} and a limit, such as {_EXAMPLE}",
        )
    name, operator, given = form.groups()
    unit = "share" if given.endswith("%") else "count" if given[-1].isdigit() else "s"
    limit = parse_limit(given, unit, example=_EXAMPLE)
    # The pattern yields no other signs than the operators.
    claim = Comparison(operator, limit)  # type: ignore[arg-type]
    return Criterion(MeasureName(name), claim, unit, f"{name} {operator} {canonical_limit(limit, unit)}")


def judge_stated(criterion: Criterion, observed: float, *, of: int = 1, unless: str = "") -> Verdict:
    """Return the verdict on a fact, compared exactly.

    Args:
        criterion: from :func:`parse_stated`.
        observed: the figure in the criterion's unit: a count, seconds, or a share of 0 to 1. NaN: nothing was seen.
        of: how many things it was counted on.
        unless: why the figure says nothing about the claim, as a clause; empty when it does.
    """
    noun = str(criterion.measure)
    if unless:
        return judge_missing(criterion, Missing(noun, unless, 0, criterion.unit))
    if math.isnan(observed) or of < 1:
        return without_data(criterion, noun)
    basis = f" of {of:,}" if of > 1 else ""
    shown = show(observed, criterion.unit)
    reason = f"{capital(noun)} is {shown}{basis}, {limit_text(criterion.claim, criterion.unit)}."
    outcome = holds(criterion.claim, observed)
    return rule(criterion, outcome, reason, observed=observed, interval=(observed, observed), n=of, exact=True)
