"""What the one-vs-rest models are called, and where each says which class it tells."""

from __future__ import annotations

from typing import Final

from gonogo_services.iris.flower import LABELS

__all__ = ["CLASS_PROPERTY", "MODELS"]

MODELS: Final = {f"iris_{label}.onnx": label for label in LABELS}
CLASS_PROPERTY: Final = "class"  # key of the model's metadata that names the class it was trained for
