"""Which module trains which model, and what that module is made of.

A new model is one line in ``TRAINERS``. Its module is named and not imported: scikit-learn takes seconds to load.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gonogo_services.images.names import ARTIFACTS
from gonogo_services.iris.one_vs_rest.names import MODELS

__all__ = ["TRAINERS", "sources"]

# Each module has train(name, path), which writes what is called name to path: whole, and the same bytes every time.
TRAINERS: Final[Mapping[str, str]] = {
    "iris_svc.onnx": "gonogo_services.iris.training",
    "iris_rf.onnx": "gonogo_services.iris.training",
    **dict.fromkeys(MODELS, "gonogo_services.iris.one_vs_rest.training"),
    **dict.fromkeys(ARTIFACTS, "gonogo_services.images.artifacts"),
}

_PACKAGE = __name__.partition(".")[0]
_ROOT = Path(__file__).parents[__name__.count(".")]


def sources(trainer: str) -> dict[str, bytes]:
    """Return the source of the module ``trainer`` and of every module of this package that it imports, by name."""
    found: dict[str, bytes] = {}
    waiting = [trainer]
    while waiting:
        module = waiting.pop()
        if module not in found and (path := _path(module)):
            found[module] = path.read_bytes()
            waiting += _imports(found[module])
    return dict(sorted(found.items()))


def _path(module: str) -> Path | None:
    # By name, because importlib's find_spec imports the packages on the way, and those of a name that is no module.
    place = _ROOT.joinpath(*module.split("."))
    return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)


def _imports(source: bytes) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    return [name for name in names if name.partition(".")[0] == _PACKAGE]
