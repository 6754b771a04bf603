"""The file of parameters that is read at the start and again at SIGHUP: lines of ``NAME=value``."""

from __future__ import annotations

from pathlib import Path

from gonogo_services.composition.parameters import is_parameter
from gonogo_services.errors import SettingsError

__all__ = ["read_config", "read_config_file"]


def read_config(text: str, source: str) -> dict[str, str]:
    """Return the variables of lines ``NAME=value``; empty lines and lines that begin with ``#`` say nothing.

    Raises:
        SettingsError: a line is something else, is about no parameter, or says one twice; ``source`` and the line's
            number are named.
    """
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        key, equals, value = (part.strip() for part in stripped.partition("="))
        if not equals or not is_parameter(key):
            raise SettingsError(
                f"{source}:{number}: {stripped!r} is no parameter; write DEFAULT_THRESHOLD=…, THRESHOLD_<NAME>=…, "
                "ACTIVATE_<NAME>=… or COLLECT_<NAME>=…"
            )
        if key in values:
            raise SettingsError(f"{source}:{number}: {key} stands there twice")
        values[key] = value
    return values


def read_config_file(path: Path | None) -> dict[str, str]:
    """Return the variables of the file at ``path``, and none when there is no path.

    Raises:
        SettingsError: the file cannot be read, or a line of it.
    """
    if path is None:
        return {}
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"CONFIG_FILE={str(path)!r} cannot be read: {error}") from error
    return read_config(text, str(path))
