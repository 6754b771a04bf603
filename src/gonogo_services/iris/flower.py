"""What an iris is to the service: four lengths in centimetres, and one of three names."""

from __future__ import annotations

from typing import Final

__all__ = ["FEATURES", "LABELS", "SAMPLE"]

FEATURES: Final = ("sepal length", "sepal width", "petal length", "petal width")
LABELS: Final = ("setosa", "versicolor", "virginica")
SAMPLE: Final = (5.1, 3.5, 1.4, 0.2)
