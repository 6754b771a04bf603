"""What may change while the proxy runs: each service's threshold, whether it is active, whether it is collected."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import pydantic_core

from gonogo_services.composition.names import named, refuse_strangers
from gonogo_services.errors import SettingsError

__all__ = ["DEFAULT_THRESHOLD", "Parameters", "Switch", "is_parameter"]

DEFAULT_THRESHOLD: Final = 0.95

_PREFIXES: Final = ("THRESHOLD", "ACTIVATE", "COLLECT")
_TRUTH: Final = {"1": True, "0": False}


@dataclass(frozen=True, slots=True)
class Switch:
    """How one service counts.

    Attributes:
        threshold: the answer is 1 where the probability is at least this, from 0 to 1 (``THRESHOLD_<NAME>``).
        active: whether the service is in the answer (``ACTIVATE_<NAME>``).
        collect: whether it is asked, off the request's path, while it is not active (``COLLECT_<NAME>``).
    """

    threshold: float
    active: bool = True
    collect: bool = True


@dataclass(frozen=True, slots=True)
class Parameters:
    """The switches of all services at one time.

    Attributes:
        switches: by name, in the order of the answer.
        version: 1 at the start, one more with every change.
        changed_by: who made them so: ``start``, ``SIGHUP``, or whose token it was.
        changed_at_s: when, in seconds since the epoch.
    """

    switches: Mapping[str, Switch]
    version: int
    changed_by: str
    changed_at_s: float

    @classmethod
    def read(cls, values: Mapping[str, str], services: Iterable[str], *, who: str, now_s: float) -> Parameters:
        """Read ``THRESHOLD_<NAME>`` (else ``DEFAULT_THRESHOLD``), ``ACTIVATE_<NAME>`` and ``COLLECT_<NAME>``.

        Raises:
            SettingsError: a value cannot be used or is about no service; the message names its variable.
        """
        default = _share("DEFAULT_THRESHOLD", values.get("DEFAULT_THRESHOLD", str(DEFAULT_THRESHOLD)))
        switches = {name: Switch(default) for name in services}
        return cls(_changed(switches, values), 1, who, now_s)

    def changed(self, values: Mapping[str, str], *, who: str, now_s: float) -> Parameters:
        """Return the next version, with what ``values`` (named as in the environment) say and all else as it is.

        Raises:
            SettingsError: a value cannot be used, or is about no service or no parameter.
        """
        for key in values:
            if not is_parameter(key) or key == "DEFAULT_THRESHOLD":
                raise SettingsError(f"{key} cannot be changed; {', '.join(f'{one}_<NAME>' for one in _PREFIXES)} can")
        return Parameters(_changed(self.switches, values), self.version + 1, who, now_s)

    def differences(self, after: Parameters) -> str:
        """Return what ``after`` has changed as one line: ``ACTIVATE_VIRGINICA 1 -> 0``."""
        old, new = self.values(), after.values()
        return ", ".join(f"{key} {old[key]} -> {new[key]}" for key in old if old[key] != new[key]) or "nothing"

    def values(self) -> dict[str, float | int]:
        """Return the parameters under the names that they have in the environment."""
        found: dict[str, float | int] = {}
        for name, switch in self.switches.items():
            found[f"THRESHOLD_{name.upper()}"] = switch.threshold
            found[f"ACTIVATE_{name.upper()}"] = int(switch.active)
            found[f"COLLECT_{name.upper()}"] = int(switch.collect)
        return found

    def to_bytes(self) -> bytes:
        """Return a form that ``from_bytes`` reads."""
        rows = [(name, one.threshold, one.active, one.collect) for name, one in self.switches.items()]
        return pydantic_core.to_json([self.version, self.changed_by, self.changed_at_s, rows])

    @classmethod
    def from_bytes(cls, content: bytes) -> Parameters:
        """Return what ``to_bytes`` wrote."""
        version, who, at_s, rows = pydantic_core.from_json(content)
        return cls({name: Switch(*row) for name, *row in rows}, version, who, at_s)


def is_parameter(key: str) -> bool:
    """Tell whether a variable called ``key`` is read by ``Parameters``."""
    return key == "DEFAULT_THRESHOLD" or key.startswith(tuple(f"{prefix}_" for prefix in _PREFIXES))


def _changed(switches: Mapping[str, Switch], values: Mapping[str, str]) -> dict[str, Switch]:
    changed = dict(switches)
    for prefix in _PREFIXES:
        given = named(values, prefix)
        refuse_strangers(prefix, given, switches)
        for name, text in given.items():
            variable = f"{prefix}_{name.upper()}"
            if prefix == "THRESHOLD":
                changed[name] = replace(changed[name], threshold=_share(variable, text))
            elif prefix == "ACTIVATE":
                changed[name] = replace(changed[name], active=_truth(variable, text))
            else:
                changed[name] = replace(changed[name], collect=_truth(variable, text))
    return changed


def _share(variable: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise SettingsError(f"{variable}={text!r} is no probability; write a number from 0 to 1, such as 0.95")
    return value


def _truth(variable: str, text: str) -> bool:
    if text not in _TRUTH:
        raise SettingsError(f"{variable}={text!r} is neither 1 nor 0")
    return _TRUTH[text]
