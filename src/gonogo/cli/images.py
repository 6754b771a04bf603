"""``gonogo images build``: make the container images of the services that ship with gonogo."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from gonogo.units import format_bytes
from gonogo.wiring import build_images, settings_here

__all__ = ["build"]


def build(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME…]", help="Such as gonogo/iris; all if none.")
    ] = None,
    base_image: Annotated[str, typer.Option(metavar="NAME", help="Image with Python that they are made from.")] = "",
) -> int:
    """Build the shipped images that are missing or not what their sources say; the others are left alone."""
    settings = settings_here(os.environ, base_image=base_image)
    for built in build_images(settings, tuple(names or ()), announce=typer.echo):
        typer.echo(f"{built.image}: {built.outcome}, {format_bytes(built.size)}")
    return 0
