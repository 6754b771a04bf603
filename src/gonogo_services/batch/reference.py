"""The stored reference that samples are compared with: histograms of every feature, and how often each class came."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError, model_validator

from gonogo_services.batch.drift import bin_counts, bin_edges
from gonogo_services.errors import ServiceError, SettingsError
from gonogo_services.iris.flower import FEATURES, LABELS
from gonogo_services.whole_file import written_whole

__all__ = ["Histogram", "Reference"]


class Histogram(BaseModel):
    """Counts of one feature: ``counts[i]`` values lie from ``edges[i-1]`` up to below ``edges[i]``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    edges: list[float] = Field(max_length=1000)
    counts: list[NonNegativeInt]

    @model_validator(mode="after")
    def _has_a_count_for_every_bin(self) -> Self:
        if len(self.counts) != len(self.edges) + 1 or sorted(set(self.edges)) != self.edges:
            raise ValueError("edges must rise, and there must be one count more than edges")
        return self


class Reference(BaseModel):
    """What rows and predictions looked like when they were known to be right.

    Attributes:
        model_sha256: of the model that predicted the classes.
        features: a histogram for each feature, by its name.
        classes: rows for each class, by its name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model_sha256: str
    features: dict[str, Histogram]
    classes: dict[str, NonNegativeInt]

    @classmethod
    def of(cls, rows: NDArray[np.float64], classes: NDArray[np.int64], model_sha256: str) -> Reference:
        """Return the reference that rows (N, 4) and the positions of their classes (N,) make."""
        features = {}
        for position, name in enumerate(FEATURES):
            edges = bin_edges(rows[:, position])
            features[name] = Histogram(edges=edges, counts=bin_counts(rows[:, position], edges))
        counts = np.bincount(classes, minlength=len(LABELS))
        return cls(
            model_sha256=model_sha256,
            features=features,
            classes={label: int(count) for label, count in zip(LABELS, counts, strict=True)},
        )

    @classmethod
    def read(cls, path: Path) -> Reference:
        """Read the reference at ``path``.

        Raises:
            SettingsError: it cannot be read, or is none.
        """
        try:
            found = cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise SettingsError(f"the reference {path} cannot be read: {error.strerror}") from error
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "it"
            raise SettingsError(f"the reference {path} is none: {where}: {first['msg']}") from None
        if set(found.features) != set(FEATURES) or set(found.classes) != set(LABELS):
            raise SettingsError(f"the reference {path} is one of other features or classes than the iris model's")
        return found

    def write(self, path: Path) -> None:
        """Write the reference to ``path``, whole or not at all.

        Raises:
            ServiceError: ``path`` cannot be written.
        """
        try:
            with written_whole(path) as file:
                file.write(self.model_dump_json(indent=1).encode() + b"\n")
        except OSError as error:
            raise ServiceError(f"the reference {path} cannot be written: {error.strerror}") from error
