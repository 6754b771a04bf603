"""Labelled data as a sweep needs it: for one class, a score and the truth of each row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gonogo.errors import UsageError

__all__ = ["Scored"]


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """What a model said about rows whose truth is known.

    Attributes:
        name: the class.
        scores: float64[n], 0 to 1: how probable the model finds the class.
        truth: bool[n], whether the row is of the class.
    """

    name: str
    scores: npt.NDArray[np.float64]
    truth: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        if self.scores.shape != self.truth.shape or self.scores.ndim != 1:
            raise UsageError(f"{len(self.scores)} scores and {len(self.truth)} truths", where=self.name)
        if not len(self.scores):
            raise UsageError("no rows", where=self.name, mend="give labelled rows")
        bad = np.flatnonzero(~((self.scores >= 0) & (self.scores <= 1)))
        if len(bad):
            raise UsageError(
                f"row {bad[0] + 1} has the score {self.scores[bad[0]]}",
                where=self.name,
                mend="give probabilities, 0 to 1",
            )
        if not self.truth.any() or self.truth.all():
            what = "none" if not self.truth.any() else "all"
            raise UsageError(f"{what} of the rows are of this class", where=self.name, mend="give rows of both kinds")
