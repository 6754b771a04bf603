"""Platforms are made by name."""

from __future__ import annotations

import sys

import pytest

from gonogo.errors import MissingPart, SettingsError
from gonogo.platforms import registry


def test_the_process_platform_is_known() -> None:
    """Options reach the constructor."""
    assert registry.create("process", images={"a": "run"}).name == "process"


def test_an_unknown_name_is_refused() -> None:
    """The message lists the known ones."""
    with pytest.raises(SettingsError, match=r"no platform is called 'moon'.*process"):
        registry.create("moon")


def test_a_missing_part_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform whose library is not installed says what to install."""
    monkeypatch.setattr(registry, "_FACTORIES", {"moon": ("no_such_library_at_all", "Moon", "moon")})
    with pytest.raises(MissingPart, match=r"pip install 'gonogo\[moon\]'"):
        registry.create("moon")


def test_a_fault_of_gonogo_itself_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module of our own that cannot be found is a bug and stays one."""
    monkeypatch.setattr(registry, "_FACTORIES", {"moon": ("gonogo.platforms.moon", "Moon", "")})
    assert "gonogo.platforms.moon" not in sys.modules
    with pytest.raises(ModuleNotFoundError):
        registry.create("moon")
