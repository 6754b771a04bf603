"""The page: one or several judgments as one self-contained HTML document that opens offline and runs nothing."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from gonogo.gate.figure import figure
from gonogo.report.comparison import compare
from gonogo.report.exhibit import Exhibit
from gonogo.report.facts import NOT_RECORDED
from gonogo.report.groups import interval_text
from gonogo.report.panel import panel
from gonogo.report.plain import plain
from gonogo.report.since import NO_CHANGE_KNOWN
from gonogo.verdicts.verdict import Outcome, worst

__all__ = ["render"]

_TEMPLATES: Final = Path(__file__).parent / "templates"
_POLICY: Final = "default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
_MOST_UNTESTED: Final = 4
"""So many lines about what was not tested stand on the first screen; the others are one step away."""

_FIGURE: Final = re.compile(r"(?<=[0-9]) (?=(?:ns|µs|ms|s|min|h|%|B|[KMGT]iB|cores?)\b|%)")

_TONE: Final = {Outcome.GO: "go", Outcome.NO_GO: "nogo", Outcome.INCONCLUSIVE: "open"}


def render(exhibits: Sequence[Exhibit]) -> str:
    """Return the page for ``exhibits``: one judgment in full, or several compared and then each in full.

    Everything in it is text, styles and drawings: no script, no link to anything outside, and a content security
    policy that forbids both. Text from services and suites is escaped wherever it stands.
    """
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    panels = [panel(exhibit, f"j{index}") for index, exhibit in enumerate(exhibits)]
    return (
        _environment()
        .get_template("page.html")
        .render(
            style=Markup(style),  # noqa: S704 - the style sheet is our own file
            policy=_POLICY.format(digest=digest),
            panels=panels,
            outcome=worst(exhibit.judgment.outcome for exhibit in exhibits),
            comparison=compare(exhibits) if len(exhibits) > 1 else None,
        )
    )


@cache
def _style() -> str:
    return (_TEMPLATES / "page.css").read_text(encoding="utf-8")


def _whole_figures(text: str) -> str:
    """Return ``text`` with numbers tied to their units, so that no line ends between them."""
    return _FIGURE.sub("\N{NO-BREAK SPACE}", text)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Whatever is printed is made plain first: no control character or turned text reaches the page.
        finalize=lambda value: value if hasattr(value, "__html__") else _whole_figures(plain(str(value))),
    )
    environment.globals["no_change_known"] = NO_CHANGE_KNOWN
    environment.globals["not_recorded"] = NOT_RECORDED
    environment.globals["most_untested"] = _MOST_UNTESTED
    environment.filters["figure"] = figure
    environment.filters["interval"] = interval_text
    environment.filters["tone"] = _TONE.__getitem__
    return environment
