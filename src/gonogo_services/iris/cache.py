"""Trained models, kept from their first use on."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from gonogo_services.errors import ModelError
from gonogo_services.iris.recipes import TRAINERS, sources

__all__ = ["cache_folder", "cached_model"]

_LIBRARIES = ("numpy", "onnx", "pillow", "scikit-learn", "scipy", "skl2onnx")


def cache_folder(name: str, environment: Mapping[str, str]) -> Path:
    """Return the folder of the model called ``name`` as its recipe makes it with the installed libraries.

    It lies in ``$XDG_CACHE_HOME`` (XDG Base Directory Specification 0.8), or ``~/.cache`` when that is not set or not
    absolute, and its name changes with the source of the recipe, all of it, and with every library's version.

    Raises:
        ModelError: no recipe has that name.
    """
    if name not in TRAINERS:
        raise ModelError(f"no recipe trains {name!r}; there are: {', '.join(sorted(TRAINERS))}")
    stated = Path(environment.get("XDG_CACHE_HOME", ""))
    root = stated if stated.is_absolute() else Path(environment.get("HOME") or Path.home()) / ".cache"
    libraries = " ".join(f"{library}=={version(library)}" for library in _LIBRARIES)
    key = hashlib.sha256(libraries.encode())
    for module, source in sources(TRAINERS[name]).items():
        key.update(f" {module} {len(source)} ".encode() + source)
    return root / "gonogo" / "models" / key.hexdigest()[:16]


def cached_model(name: str, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the path of the trained model called ``name``, such as ``iris_svc.onnx``; the first use trains it.

    Several first uses at the same time train it once: one does, the others wait for it.

    Raises:
        ModelError: no recipe has that name, or the cache cannot be written.
    """
    path = cache_folder(name, environment) / name
    if path.exists():
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path.with_name(".lock")):
            if not path.exists():
                import_module(TRAINERS[name]).train(name, path)
    except OSError as error:
        raise ModelError(
            f"the model cache {path.parent} cannot be written: {error.strerror}; "
            "set XDG_CACHE_HOME to a folder that can"
        ) from error
    return path


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # released with the file, also when this process is killed
        yield
