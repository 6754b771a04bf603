"""An element of a drawing, with every text and attribute escaped when it becomes markup."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from markupsafe import Markup, escape

from gonogo.report.plain import plain

__all__ = ["Element", "el", "picture"]


@dataclass(frozen=True, slots=True)
class Element:
    """One element, its attributes and its children; text children are escaped."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: tuple[Element | str, ...] = ()

    @property
    def title(self) -> str:
        """The text of its title child; empty when it has none."""
        for child in self.children:
            if isinstance(child, Element) and child.name == "title":
                return "".join(part for part in child.children if isinstance(part, str))
        return ""

    def __html__(self) -> Markup:
        """Return the element as markup that a template can include as it is."""
        parts: list[str] = []
        self._write(parts)
        return Markup("".join(parts))  # noqa: S704 - every part was escaped or is a number

    def _write(self, parts: list[str]) -> None:
        parts.append(f"<{self.name}")
        parts.extend(f' {name}="{escape(plain(value))}"' for name, value in self.attributes.items())
        if not self.children:
            parts.append("/>")
            return
        parts.append(">")
        for child in self.children:
            if isinstance(child, Element):
                child._write(parts)  # noqa: SLF001 - the children are of this class
            else:
                parts.append(str(escape(plain(child))))
        parts.append(f"</{self.name}>")


def el(name: str, *children: Element | str, **attributes: str | float) -> Element:
    """Return an element; ``class_`` and ``text_anchor`` stand for ``class`` and ``text-anchor``.

    Numbers are written with at most one decimal, which is a tenth of a pixel.
    """
    return Element(
        name,
        {key.rstrip("_").replace("_", "-"): _text(value) for key, value in attributes.items()},
        children,
    )


def picture(
    *children: Element, name: str, title: str, description: str, size: tuple[float, float], class_: str
) -> Element:
    """Return a drawing that scales with its place and that a screen reader announces as one image.

    Args:
        children: what it shows.
        name: unique in the page; ids are made from it.
        title: what it is.
        description: what it says, in words and figures.
        size: width and height of its coordinates.
        class_: what style sheets know it by.
    """
    width, height = size
    body = (el("title", title, id=f"{name}-t"), el("desc", description, id=f"{name}-d"), *children)
    attributes = {
        "class": class_,
        "viewBox": f"0 0 {_text(width)} {_text(height)}",
        "role": "img",
        "aria-labelledby": f"{name}-t {name}-d",
    }
    return Element("svg", attributes, body)


def _text(value: str | float) -> str:
    if isinstance(value, str):
        return value
    if not math.isfinite(value):
        raise ValueError(f"{value} cannot be drawn")
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text
