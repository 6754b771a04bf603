"""What the two image models know: which drawn subjects, under which labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["INPUT_SIZE", "RECIPES", "SAMPLES", "Recipe"]

INPUT_SIZE: Final = 64  # pixels, width and height


@dataclass(frozen=True, slots=True)
class Recipe:
    """A model's labels, in the order of its scores, and the subjects that are drawn for each."""

    labels: tuple[str, ...]
    subjects: Mapping[str, tuple[str, ...]]


def _recipe(subjects: Mapping[str, tuple[str, ...]]) -> Recipe:
    return Recipe(tuple(subjects), subjects)


RECIPES: Final = {
    # No iris among its labels: shown one, it finds what it has seen on violet flowers.
    "general": _recipe({"bee": ("bee",), "Persian cat": ("cat",), "sports car": ("car",), "teapot": ("teapot",)}),
    # What is no plant of its own is background to it.
    "plant": _recipe(
        {
            "background": ("nothing", "car", "cat", "teapot"),
            "Iris versicolor": ("iris",),
            "Rosa gallica": ("rose",),
            "Taraxacum officinale": ("dandelion",),
        }
    ),
}

SAMPLES: Final = {"cat.jpg": "cat", "iris.jpg": "iris"}
