"""Settings: three sources, later ones win, and what cannot be used is named with where it stands."""

from pathlib import Path

import pytest

from gonogo.errors import SettingsError
from gonogo.settings import read


def _project(folder: Path, table: str) -> Path:
    (folder / "pyproject.toml").write_text(f"[tool.gonogo]\n{table}\n", encoding="utf-8")
    return folder


def test_without_any_source_the_defaults_hold(tmp_path: Path) -> None:
    """A folder without pyproject.toml is a project with defaults."""
    settings = read(tmp_path, {}, {})
    assert (settings.platform, settings.profile, str(settings.report)) == ("process", "full", "judgment")


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    """Each source overrules the one before it."""
    root = _project(tmp_path, 'profile = "full"\nready_timeout = "5s"\nreport = "a"')
    environment = {"GONOGO_PROFILE": "ci", "GONOGO_REPORT": "b"}
    settings = read(root, environment, {"report": "c"})
    assert (settings.ready_timeout, settings.profile, str(settings.report)) == (5.0, "ci", "c")


def test_an_unknown_setting_is_named_with_the_nearest_known(tmp_path: Path) -> None:
    """A misspelt setting is an error, not silence."""
    with pytest.raises(SettingsError, match="profil") as caught:
        read(_project(tmp_path, 'profil = "ci"'), {}, {})
    assert "profile" in caught.value.mend
    assert "pyproject.toml" in caught.value.where


def test_a_value_out_of_range_is_named_with_its_source(tmp_path: Path) -> None:
    """The message says which variable of the environment holds the wrong value."""
    with pytest.raises(SettingsError, match="weekly") as caught:
        read(tmp_path, {"GONOGO_PROFILE": "weekly"}, {})
    assert "GONOGO_PROFILE" in caught.value.where


def test_broken_toml_is_one_clear_error(tmp_path: Path) -> None:
    """A pyproject.toml that cannot be read names the file."""
    (tmp_path / "pyproject.toml").write_text("[tool.gonogo\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="cannot be read") as caught:
        read(tmp_path, {}, {})
    assert "pyproject.toml" in caught.value.where


def test_lists_in_the_environment_are_words(tmp_path: Path) -> None:
    """Commas and spaces separate the items of a list."""
    settings = read(tmp_path, {"GONOGO_ALLOW_HOSTS": "a.test, b.test", "GONOGO_GENERATOR_CORES": "1"}, {})
    assert settings.allow_hosts == ("a.test", "b.test")
    assert settings.generator_cores == (1,)


def test_a_users_image_wins_over_the_shipped_one(tmp_path: Path) -> None:
    """Images of the settings come before and beside those that ship."""
    settings = read(_project(tmp_path, '[tool.gonogo.images]\n"gonogo/iris:*" = "mine"'), {}, {})
    assert settings.commands["gonogo/iris:*"] == "mine"
    assert "gonogo/model-loader:*" in settings.commands


@pytest.mark.parametrize(
    ("host", "allowed"), [("127.3.2.1", True), ("::1", True), ("localhost", True), ("example.com", False)]
)
def test_load_goes_to_loopback_and_nowhere_else_unasked(tmp_path: Path, host: str, allowed: bool) -> None:  # noqa: FBT001
    """A host other than loopback must be allowed by the settings."""
    assert read(tmp_path, {}, {}).allows(host) is allowed


def test_an_allowed_host_may_be_loaded(tmp_path: Path) -> None:
    """The allow-list adds hosts."""
    assert read(tmp_path, {"GONOGO_ALLOW_HOSTS": "staging.test"}, {}).allows("staging.test")
