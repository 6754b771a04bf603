"""Merging what several engines recorded into the columns of one run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gonogo.load.spool import COLUMNS
from gonogo.runs.run import Columns

__all__ = ["merge"]


def merge(parts: Sequence[Columns]) -> Columns:
    """Return the requests of all parts, in order of due time. A single part comes back as it is."""
    if len(parts) == 1:
        return parts[0]
    order = np.argsort(np.concatenate([part.due_s for part in parts]), kind="stable")
    whole = {name: np.concatenate([getattr(part, name) for part in parts])[order] for name, _ in COLUMNS}
    further = {
        name: np.concatenate([part.extracted[name] for part in parts])[order]
        for name in dict.fromkeys(name for part in parts for name in part.extracted)
    }
    return Columns(**whole, extracted=further)
