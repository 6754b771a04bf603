"""``$(NAME)`` in values, commands and arguments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.manifests.expansion import expand

NAMES = st.text("ABC_", min_size=1, max_size=3)
VALUES = st.dictionaries(NAMES, st.text("abc$()A", max_size=6), max_size=4)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("$(A)", "one"),
        ("http://$(A):$(B)/", "http://one:$(A)/"),
        ("$(MISSING)", "$(MISSING)"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$one"),
        ("$$$$(A)", "$$(A)"),
        ("$A ${A} $", "$A ${A} $"),
        ("$(A", "$(A"),
        ("$()", "$()"),
        ("$($(A))", "$($(A))"),
        ("", ""),
    ],
)
def test_references_become_values(text: str, result: str) -> None:
    """References, escapes and everything else come out as Kubernetes' rules say; values are not expanded again."""
    assert expand(text, {"A": "one", "B": "$(A)"}).text == result


def test_names_are_reported() -> None:
    """The names that were found and those that were not are told apart; an escaped name is neither."""
    result = expand("$(A) $(X) $$(Y)", {"A": "one"})
    assert (set(result.found), set(result.missing)) == ({"A"}, {"X"})


@given(st.text(), VALUES)
def test_escaped_text_is_never_expanded(text: str, values: dict[str, str]) -> None:
    """Text with every $ doubled comes out as it was before the doubling."""
    assert expand(text.replace("$", "$$"), values).text == text


@given(st.text().filter(lambda text: "$" not in text), VALUES)
def test_text_without_a_dollar_stays(text: str, values: dict[str, str]) -> None:
    """Nothing but a $ begins a reference."""
    assert expand(text, values).text == text


@given(st.lists(st.tuples(NAMES, st.text("xyz ", max_size=4)), max_size=5), VALUES)
def test_each_reference_is_replaced_once(parts: list[tuple[str, str]], values: dict[str, str]) -> None:
    """A text of references and words is the values and the words, in order."""
    text = "".join(f"$({name}){word}" for name, word in parts)
    assert expand(text, values).text == "".join(values.get(name, f"$({name})") + word for name, word in parts)
