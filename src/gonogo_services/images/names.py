"""The files that the image services are made of. Names only: importing this loads no library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["ARTIFACTS"]

ARTIFACTS: Final[Mapping[str, str]] = {
    # file: the model that it is made with; empty for the sample images.
    "general.onnx": "general",
    "general.json": "general",
    "plant.onnx": "plant",
    "plant.json": "plant",
    "cat.jpg": "",
    "iris.jpg": "",
}
