"""Envoy's way to write durations, shares and configuration files."""

from __future__ import annotations

from typing import Any, Final

import yaml

__all__ = ["Config", "duration", "millionths", "text", "typed"]

Config = dict[str, Any]
"""A message of Envoy's API as JSON has it."""

_MILLION: Final = 1_000_000


def duration(seconds: float) -> str:
    """Return ``seconds`` as protobuf's JSON writes them: ``1.5s``."""
    return f"{seconds:.9f}".rstrip("0").rstrip(".") + "s"


def millionths(share: float) -> Config:
    """Return a share of 0 to 1 as a FractionalPercent."""
    return {"numerator": round(share * _MILLION), "denominator": "MILLION"}


def typed(name: str, /, **fields: Any) -> Config:  # noqa: ANN401 - a message holds anything
    """Return a message in an Any; ``name`` is what follows ``envoy.`` in its type."""
    return {"@type": f"type.googleapis.com/envoy.{name}", **fields}


def text(config: Config) -> str:
    """Return ``config`` as YAML, in the order in which it was made."""
    return yaml.dump(config, Dumper=_Plain, sort_keys=False, width=120, allow_unicode=True)


class _Plain(yaml.SafeDumper):
    """Writes what stands in several places out each time: aliases are hard to read."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the base class asks for each value
        return True
