"""docs/findings.md against the rules: every rule is there, and every example says what the checker says."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import gonogo.manifests
from gonogo.manifests.check import RULES, check
from gonogo.manifests.rule import Rule
from gonogo.manifests.syntax import parse

PAGE = (Path(__file__).parents[2] / "docs" / "findings.md").read_text()
SECTIONS = dict(re.findall(r"^### `([a-z0-9-]+)`\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
EXAMPLE = re.compile(r"^```yaml\n(?P<yaml>.*?)^```\n+```text\n(?P<said>.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLES = {rule: match for rule, section in SECTIONS.items() if (match := EXAMPLE.search(section))}
# One MiB of text is no example to print, a variable of the caller and the model that a Service serves stand in no file:
# other tests break these rules.
UNPRINTABLE = {"store-too-large", "compose-variable-taken", "thresholds-stale"}


def test_every_rule_in_the_code_is_listed() -> None:
    """A rule that some module defines stands in RULES, once."""
    modules = [
        importlib.import_module(info.name)
        for info in pkgutil.walk_packages(gonogo.manifests.__path__, "gonogo.manifests.")
    ]
    defined = {value.name for module in modules for value in vars(module).values() if isinstance(value, Rule)}
    assert sorted(rule.name for rule in RULES) == sorted(defined)


def test_the_page_has_a_section_for_every_rule_and_no_other() -> None:
    """The headings are the rules."""
    assert list(SECTIONS) == [rule.name for rule in RULES]


def test_every_rule_that_can_be_printed_has_an_example() -> None:
    """An example is a manifest and what is said about it."""
    assert set(EXAMPLES) == {rule.name for rule in RULES} - UNPRINTABLE


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_page_states_severity_and_title(rule: Rule) -> None:
    """The table of the page says how bad a finding is and what it is about."""
    assert f"| [`{rule.name}`](#{rule.name}) | {rule.severity} | {rule.title} |" in PAGE


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_the_example_breaks_its_rule_as_the_page_says(name: str) -> None:
    """The findings of the rule about the example are those on the page, word for word."""
    found = [finding for finding in check(parse(EXAMPLES[name]["yaml"], "iris.yaml")) if finding.rule == name]
    assert "".join(f"{finding}\n" for finding in found) == EXAMPLES[name]["said"]
