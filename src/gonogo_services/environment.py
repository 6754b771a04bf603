"""The environment of a service, read with the variable's name in every complaint."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from gonogo_services.errors import SettingsError

__all__ = ["Environment"]


class Environment:
    """Typed reading of environment variables.

    Args:
        values: ``os.environ``, or a mapping like it.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def text(self, name: str, default: str) -> str:
        """Return the variable as it stands, or ``default`` when it is not set."""
        return self._values.get(name, default)

    def required(self, name: str, purpose: str) -> str:
        """Return the variable.

        Raises:
            SettingsError: it is not set, or empty; the message says ``purpose``.
        """
        value = self._values.get(name, "")
        if not value:
            raise SettingsError(f"{name} is not set; set it to {purpose}")
        return value

    def whole_number(self, name: str, default: int) -> int:
        """Return the variable as an integer of at least 0.

        Raises:
            SettingsError: it is anything but decimal digits.
        """
        value = self._values.get(name)
        if value is None:
            return default
        if not re.fullmatch(r"[0-9]{1,9}", value):
            raise SettingsError(f"{name}={value!r} is not a whole number; write digits only, such as {name}={default}")
        return int(value)

    def choice(self, name: str, default: str, allowed: Sequence[str]) -> str:
        """Return the variable in lower case.

        Raises:
            SettingsError: it is none of ``allowed``.
        """
        value = self._values.get(name, default)
        if value.lower() not in allowed:
            raise SettingsError(f"{name}={value!r} is not known; use one of {', '.join(allowed)}")
        return value.lower()

    def switch(self, name: str, *, default: bool) -> bool:
        """Return the variable as a truth value: 1 or 0.

        Raises:
            SettingsError: it is neither.
        """
        return self.choice(name, "1" if default else "0", ("0", "1")) == "1"
