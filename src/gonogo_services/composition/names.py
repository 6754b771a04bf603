"""Names of services, and the variables that are called after them: ``THRESHOLD_SETOSA`` is about ``setosa``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from gonogo_services.errors import SettingsError

__all__ = ["LONGEST_NAME", "named", "refuse_strangers"]

LONGEST_NAME: Final = 32

# Keys that an answer may have beside the names of services.
_RESERVED: Final = frozenset({"omitted", "detail", "field"})


def named(values: Mapping[str, str], prefix: str) -> dict[str, str]:
    """Return the values of the variables ``<prefix>_<NAME>`` by name in lower case, sorted by it.

    Raises:
        SettingsError: a name is empty, longer than 32 characters, used by answers themselves, or no name.
    """
    found = {}
    for key, value in sorted(values.items()):
        if not key.startswith(f"{prefix}_"):
            continue
        name = key[len(prefix) + 1 :].lower()
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or len(name) > LONGEST_NAME or name in _RESERVED:
            raise SettingsError(
                f"{key}: {name!r} cannot be a service's name; use a letter, then letters, digits and _, "
                f"at most {LONGEST_NAME}, and none of {', '.join(sorted(_RESERVED))}"
            )
        found[name] = value
    return found


def refuse_strangers(prefix: str, names: Iterable[str], services: Iterable[str]) -> None:
    """Refuse variables about services that there are not.

    Raises:
        SettingsError: one of ``names`` is none of ``services``.
    """
    known = tuple(services)
    for name in names:
        if name not in known:
            raise SettingsError(
                f"{prefix}_{name.upper()} is set, but SERVICE_{name.upper()} is not; "
                f"there are: {', '.join(f'SERVICE_{one.upper()}' for one in known) or 'no services'}"
            )
