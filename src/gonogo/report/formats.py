"""The formats that a judgment is written in, by name. A new one is a module with a renderer and a line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from gonogo.errors import UsageError
from gonogo.gate.judgment import Judgment
from gonogo.report.document import dump_judgment
from gonogo.report.job_summary import render_job_summary
from gonogo.report.junit import render_junit
from gonogo.report.markdown import render_markdown
from gonogo.report.openmetrics import render_openmetrics

__all__ = ["FILES", "FORMATS", "render_as"]

FORMATS: Final[Mapping[str, Callable[[Judgment], str]]] = {
    "json": dump_judgment,
    "markdown": render_markdown,
    "junit": render_junit,
    "openmetrics": render_openmetrics,
    "github": render_job_summary,
}

FILES: Final[Mapping[str, str]] = {
    "judgment.json": "json",
    "judgment.md": "markdown",
    "junit.xml": "junit",
}
"""What every session writes, the most important first, in which format."""


def render_as(name: str, judgment: Judgment) -> str:
    """Return ``judgment`` in the format called ``name``.

    Raises:
        UsageError: there is no such format.
    """
    if name not in FORMATS:
        raise UsageError(f"there is no format {name!r}", mend=f"write one of {', '.join(FORMATS)}")
    return FORMATS[name](judgment)
