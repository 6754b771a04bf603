"""The models of a run's requests: which column tells them apart, which users met which, and what was declared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gonogo.errors import UsageError
from gonogo.measures.rows import BoolArray
from gonogo.runs.run import Run
from gonogo.verdicts.arms import Arms, read_arms
from gonogo.verdicts.evidence import IntArray

__all__ = ["CANDIDATE", "CHANGES", "CURRENT", "SUBSET", "WEIGHTS", "Coded", "arm", "coded", "declared", "moves_of"]

SUBSET: Final = "sidecar_subset"
"""Column that the access records of the sidecar fill: the subset to which it sent the request."""

WEIGHTS: Final = "split"
"""Label of a run: the weights of the acting policy by subset, as in ``svc 60, rf 40``."""

CHANGES: Final = "split_changes"
"""Label of a run: how often the weights changed while it went on; 0 when it is missing."""

CANDIDATE: Final = "candidate"
"""Label of a run: the model that comparisons are about, where their brackets name none."""

CURRENT: Final = "current"
"""Label of a run: the model that it is compared with."""


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """A column as numbers.

    Attributes:
        names: the values as text, in order of first appearance.
        codes: int64[requests], the place of each value in ``names``; -1 without one.
    """

    names: tuple[str, ...]
    codes: IntArray

    def place(self, name: str) -> int:
        """Return the code of ``name``; -2, which no request has, when it never came."""
        return self.names.index(name) if name in self.names else -2


def coded(run: Run, column: str, *, where: str) -> Coded:
    """Return ``column`` of ``run`` as numbers.

    Raises:
        UsageError: the run has no such column.
    """
    values = run.columns.extracted.get(column)
    if values is None:
        known = ", ".join(run.columns.extracted) or "none"
        raise UsageError(
            f"the run has no column {column!r}",
            where=f"{where} of the run {run.facts.name!r}",
            mend=f'extract it, as in extract={{"mode": "$.mode", "user": "{{user}}"}}; it has {known}',
        )
    return _coded(values)


def _coded(values: npt.NDArray[np.object_]) -> Coded:
    places: dict[str, int] = {}
    codes = np.fromiter(
        (-1 if value is None else places.setdefault(str(value), len(places)) for value in values), np.int64, len(values)
    )
    return Coded(tuple(places), codes)


def arm(models: Coded, name: str) -> BoolArray:
    """Return which requests went to the model ``name``."""
    return np.asarray(models.codes == models.place(name))


def declared(run: Run, arms: Arms, models: Coded, *, where: str) -> tuple[dict[str, float], tuple[str, ...]]:
    """Return the declared share of each value of the arms' column, and what contradicts the declaration at once.

    Weights that the brackets leave out are those of the acting policy. They speak of subsets; which model a subset is
    shows in the requests that have both.

    Raises:
        UsageError: no weights were given and none were acting.
    """
    if arms.weights:
        return arms.shares, ()
    text = run.facts.labels.get(WEIGHTS)
    if not text:
        raise UsageError(
            "nobody declared weights",
            where=f"{where} of the run {run.facts.name!r}",
            mend=f"give them, as in split[{arms.column}: iris_svc.onnx 60, iris_rf.onnx 40] within 2%",
        )
    shares = read_arms(f"{SUBSET}: {text}", "split").shares
    if arms.column == SUBSET or SUBSET not in run.columns.extracted:
        return shares, ()
    subsets = _coded(run.columns.extracted[SUBSET])
    found: dict[str, float] = {}
    violations = []
    for subset, share in shares.items():
        seen = np.unique(models.codes[(subsets.codes == subsets.place(subset)) & (models.codes >= 0)])
        names = [models.names[code] for code in seen]
        if len(names) > 1:
            violations.append(f"The subset {subset} answered as {' and as '.join(names)}")
        for name in names or [subset]:
            found[name] = found.get(name, 0.0) + share / max(1, len(names))
    return found, tuple(violations)


def moves_of(users: Coded, models: Coded, order: Iterable[int]) -> IntArray:
    """Return how often each user's model changed, from request to request in ``order``.

    Args:
        users: of the requests.
        models: of the requests; those without one are passed over.
        order: places of the requests, as they were sent.

    Returns:
        int64[users].
    """
    places = np.asarray(list(order), dtype=np.int64)
    known = places[(users.codes[places] >= 0) & (models.codes[places] >= 0)]
    # Stable, so that each user's requests stay in their order.
    by_user = known[np.argsort(users.codes[known], kind="stable")]
    who, which = users.codes[by_user], models.codes[by_user]
    moved = (who[1:] == who[:-1]) & (which[1:] != which[:-1])
    return np.bincount(who[1:][moved], minlength=len(users.names)).astype(np.int64)
