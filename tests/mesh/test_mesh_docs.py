"""docs/mesh.md against the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from gonogo.manifests.rule import Rule
from gonogo.mesh.nginx.difference import RULES

PAGE = (Path(__file__).parents[2] / "docs" / "mesh.md").read_text()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_page_names_every_rule_of_the_renderers(rule: Rule) -> None:
    """Rules that only a renderer can break stand on the page with their severity."""
    assert f"| `{rule.name}` | {rule.severity} | {rule.title} |" in PAGE
