"""Parameters in pairs: rows in which every two values of different parameters meet at least once.

Most faults show with one value or with two together (Kuhn, Wallace and Gallo, "Software fault interactions and
implications for software testing", IEEE TSE 30, 2004), and pairs need far fewer rows than all combinations.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from allpairspy import AllPairs

from gonogo.errors import UsageError

__all__ = ["pairs"]


def pairs(parameters: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Return rows that together have every pair of values of two parameters; for ``pytest.mark.parametrize``.

    The same parameters give the same rows in the same order; the first row has every parameter's first value.

    Raises:
        UsageError: a parameter has no values.
    """
    for name, values in parameters.items():
        if not values:
            raise UsageError(f"the parameter {name!r} has no values", where="pairs", mend="give at least one")
    if len(parameters) < 2:  # noqa: PLR2004 - one parameter makes no pairs
        return [{name: value} for name, values in parameters.items() for value in values]
    # By position, so that values need neither be hashable nor differ.
    positions = OrderedDict((name, list(range(len(values)))) for name, values in parameters.items())
    return [
        {name: parameters[name][position] for name, position in zip(positions, row, strict=True)}
        for row in AllPairs(positions)
    ]
