"""Platforms by name: one line here makes a new one known to settings, the command line and the plugin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final, cast

from gonogo.errors import AbsentPlatform, SettingsError
from gonogo.platforms.interface import Platform

__all__ = ["CHOICES", "NAMES", "create"]

_FACTORIES: Final[Mapping[str, tuple[str, str, str]]] = {
    # name: module, factory in it, extra that installs what it needs (empty: nothing beyond the core)
    "attached": ("gonogo.platforms.attached", "AttachedPlatform", ""),
    "cluster": ("gonogo.platforms.cluster", "ClusterPlatform", "cluster"),
    "docker": ("gonogo.platforms.docker", "DockerPlatform", "docker"),
    "kind": ("gonogo.platforms.kind", "KindPlatform", "cluster"),
    "process": ("gonogo.platforms.process", "ProcessPlatform", ""),
}

NAMES: Final = tuple(sorted(_FACTORIES))
"""Every platform that ``create`` knows."""

CHOICES: Final = tuple(name for name in NAMES if name != "attached")
"""Every platform that the setting ``platform`` may name; one attaches with ``attach``."""


def create(name: str, **options: object) -> Platform:
    """Return the platform called ``name``, built with ``options`` (its constructor says which).

    The platform's module is imported here and not before, so that one with missing parts disturbs nobody else.

    Raises:
        SettingsError: no platform has that name.
        AbsentPlatform: what the platform needs is not installed.
    """
    if name not in _FACTORIES:
        raise SettingsError(f"no platform is called {name!r}", mend=f"choose one of: {', '.join(NAMES)}")
    module, factory, extra = _FACTORIES[name]
    try:
        build = cast("Callable[..., Any]", getattr(import_module(module), factory))
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "gonogo":
            raise
        wanted = f"gonogo[{extra}]" if extra else str(error.name)
        raise AbsentPlatform(
            f"the platform {name!r} needs the Python module {error.name!r}, which is not installed",
            mend=f"run: pip install '{wanted}'",
        ) from error
    return cast("Platform", build(**options))
