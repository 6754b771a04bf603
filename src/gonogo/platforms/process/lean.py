"""Command lines that run a module of gonogo in an interpreter of its own, in the time of a bare interpreter.

The packages above the module are stood in for by empty ones: what their own files import is of no use there, and
may not be importable without site-packages.
"""

from __future__ import annotations

import sys
from pathlib import Path

import gonogo

__all__ = ["command"]

_BOOT = """\
import sys, types
root, name, *sys.argv[1:] = sys.argv[1:]
for package in (*"gonogo gonogo.manifests gonogo.platforms gonogo.platforms.process gonogo.platforms.docker".split(),):
    module = sys.modules[package] = types.ModuleType(package)
    module.__path__ = [root + "/" + package.replace(".", "/")]
    above, _, last = package.rpartition(".")
    if above:
        setattr(sys.modules[above], last, module)
import importlib
sys.exit(importlib.import_module(name).main(*map(int, sys.argv[1:])))
"""


def command(module: str, *numbers: int, site: bool = False) -> tuple[str, ...]:
    """Return the command line that calls ``module.main(*numbers)``.

    Args:
        module: full name, inside ``gonogo.platforms.process`` or ``gonogo.platforms.docker``.
        numbers: its arguments.
        site: whether it needs installed packages.
    """
    root = Path(gonogo.__file__).parent.parent
    flags = ("-I",) if site else ("-I", "-S")
    return (sys.executable, *flags, "-c", _BOOT, str(root), module, *map(str, numbers))
