"""Label selectors: which Pods a Deployment takes for its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gonogo.manifests.fit import FIELD_VALUE
from gonogo.manifests.rule import Place
from gonogo.manifests.shape import Fields

__all__ = ["Requirement", "Selector", "selector"]

_WITH_VALUES: Final = ("In", "NotIn")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One of ``matchExpressions``; ``operator`` is In, NotIn, Exists or DoesNotExist."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether ``labels`` meet the requirement."""
        match self.operator:
            case "In":
                return labels.get(self.key) in self.values
            case "NotIn":
                return labels.get(self.key) not in self.values
            case "Exists":
                return self.key in labels
            case _:
                return self.key not in labels


@dataclass(frozen=True, slots=True)
class Selector:
    """``matchLabels`` and ``matchExpressions``: a Pod must meet all of them."""

    labels: Mapping[str, str] = field(default_factory=dict)
    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether Pods with ``labels`` are selected."""
        return self.labels.items() <= labels.items() and all(need.matches(labels) for need in self.requirements)


def selector(fields: Fields, place: Place) -> Selector:
    """Return the selector in ``fields``; report expressions that Kubernetes refuses."""
    requirements = []
    for i, expression in enumerate(fields.get("matchExpressions", ())):
        key, operator = expression.get("key", ""), expression.get("operator", "")
        values = expression.get("values", ())
        if not key or not operator:
            continue  # the fit has reported it
        if bool(values) != (operator in _WITH_VALUES):
            (place / "matchExpressions" / i / "values").report(
                FIELD_VALUE,
                f"{operator} {'takes no values' if values else 'needs values'}: Kubernetes refuses the object",
                "remove values" if values else "add values",
            )
            continue
        requirements.append(Requirement(key, operator, values))
    if not fields.get("matchLabels") and not fields.get("matchExpressions"):
        place.report(
            FIELD_VALUE, "the selector is empty: Kubernetes refuses the object", "select the template's labels"
        )
    return Selector(fields.get("matchLabels", {}), tuple(requirements))
