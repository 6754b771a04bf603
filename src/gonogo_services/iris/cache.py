"""Trained models, kept from their first use on."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from gonogo_services.errors import ModelError

__all__ = ["cache_folder", "cached_model"]

_LIBRARIES = ("numpy", "onnx", "scikit-learn", "scipy", "skl2onnx")


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Return the folder of the models that this recipe makes with the installed libraries.

    It lies in ``$XDG_CACHE_HOME`` (XDG Base Directory Specification 0.8), or ``~/.cache`` when that is not set or not
    absolute, and its name changes with the recipes' source and with every library's version.
    """
    stated = Path(environment.get("XDG_CACHE_HOME", ""))
    root = stated if stated.is_absolute() else Path(environment.get("HOME") or Path.home()) / ".cache"
    recipes = Path(__file__).with_name("training.py").read_bytes()
    libraries = " ".join(f"{name}=={version(name)}" for name in _LIBRARIES)
    key = hashlib.sha256(recipes + libraries.encode()).hexdigest()[:16]
    return root / "gonogo" / "models" / key


def cached_model(name: str, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the path of the trained model called ``name``, such as ``iris_svc.onnx``; the first use trains it.

    Several first uses at the same time train it once: one does, the others wait for it.

    Raises:
        ModelError: no recipe has that name, or the cache cannot be written.
    """
    if Path(name).name != name or not name.endswith(".onnx"):
        raise ModelError(f"{name!r} is no name of a trained model; name one such as iris_svc.onnx")
    path = cache_folder(environment) / name
    if path.exists():
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path.with_name(".lock")):
            if not path.exists():
                _train(name, path)
    except OSError as error:
        raise ModelError(
            f"the model cache {path.parent} cannot be written: {error.strerror}; "
            "set XDG_CACHE_HOME to a folder that can"
        ) from error
    return path


def _train(name: str, path: Path) -> None:
    from gonogo_services.iris.training import train  # noqa: PLC0415 - scikit-learn takes seconds to import

    train(name, path)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # released with the file, also when this process is killed
        yield
