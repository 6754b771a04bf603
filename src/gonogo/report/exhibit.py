"""An exhibit: one judgment as it is shown, with what is drawn of its runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gonogo.gate.judgment import Judgment
from gonogo.report.plots import Plots

__all__ = ["Exhibit"]


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A judgment to show.

    Attributes:
        label: what tells it from others on the same page, such as the name of its folder.
        plots: by the name of the run; a text says why a run has none.
    """

    judgment: Judgment
    label: str = ""
    plots: Mapping[str, Plots | str] = field(default_factory=dict)
