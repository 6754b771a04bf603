"""Sweeps as settings that are ready to paste, bound to the models that were measured."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from gonogo.experiments.thresholds.sweep import Sweep
from gonogo.manifests.tuned import ANNOTATION, Tuning, written
from gonogo.units import format_share

__all__ = ["settings_text"]

_NONE: Final[Mapping[str, Tuning]] = {}


def settings_text(
    sweeps: Sequence[Sweep], tunings: Mapping[str, Tuning] = _NONE, *, origin: str = "labelled data"
) -> str:
    """Return the recommended thresholds as variables, and the annotation that binds them to their models.

    Args:
        sweeps: one for each class.
        tunings: which model was measured, by class; without one the thresholds are bound to nothing.
        origin: where the data come from.
    """
    lines = [f"# measured on {origin}, {sweeps[0].rows:,} rows"] if sweeps else []
    for each in sweeps:
        variable = f"THRESHOLD_{re.sub(r'[^A-Z0-9]+', '_', each.name.upper())}"
        lines.append(f"# {each.name}: {each.reason}")
        point = each.recommended
        lines.append(f"# {variable}: none" if point is None else f"{variable}={point.threshold:g}")
    bound = [tunings[each.name] for each in sweeps if each.name in tunings and each.recommended is not None]
    if bound:
        lines.append(
            "# annotation of the Pods with these thresholds, SERVICE=SHA256 of its model (the Service's own name);"
        )
        lines.append("# with another model, a judgment is INCONCLUSIVE:")
        lines.append(f'# {ANNOTATION}: "{written(bound)}"')
    unbound = [each.name for each in sweeps if each.name not in tunings and each.recommended is not None]
    if unbound:
        lines.append(f"# bound to no model: {', '.join(unbound)}; the model that was measured is not known")
    if sweeps:
        wanted = format_share(sweeps[0].precision)
        lines.insert(
            1, f"# wanted: precision of at least {wanted} for each class, {format_share(sweeps[0].confidence)} sure"
        )
    return "\n".join(lines) + "\n"
