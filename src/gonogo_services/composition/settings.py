"""What the composition proxy takes from its environment, read once and checked before anything starts."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gonogo_services.composition.backend import Backend, Policy
from gonogo_services.composition.names import named, refuse_strangers
from gonogo_services.composition.rules import Rule, read_rules
from gonogo_services.environment import Environment
from gonogo_services.errors import SettingsError

__all__ = ["ProxySettings"]

_SHORTEST_TOKEN: Final = 16
_MOST_CONNECTIONS: Final = 4096
_MOST_RETRIES: Final = 5
_MOST_ROWS: Final = 1_000_000
_LONGEST_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class ProxySettings:
    """What does not change while the proxy runs; what does is in ``Parameters``.

    Attributes:
        backends: the services by name, in the order of the answer (``SERVICE_<NAME>``, ``TIMEOUT_S_<NAME>`` else
            ``DEFAULT_TIMEOUT_S``, ``POLICY_<NAME>`` else ``DEFAULT_POLICY``).
        rules: which inputs are excluded (``EXCLUDE_<RULE>``).
        deadline_s: how long a whole request may take, retries included (``DEADLINE_S``).
        retries: further attempts at one service for one request (``RETRIES``).
        retry_budget: how many retries there may be for each request, on average (``RETRY_BUDGET``).
        connections: most connections to one service from one worker (``CONNECTIONS``).
        collected_rows: how many predictions of deactivated services are kept (``COLLECTED_ROWS``).
        collected_file: where they are kept across restarts; None: in memory (``COLLECTED_FILE``).
        config_file: parameters that count more than the environment's; read again at SIGHUP (``CONFIG_FILE``).
        tokens: SHA-256 of the admin tokens by whose they are (``ADMIN_TOKEN_<WHO>``).
    """

    backends: Mapping[str, Backend]
    rules: tuple[Rule, ...]
    deadline_s: float
    retries: int
    retry_budget: float
    connections: int
    collected_rows: int
    collected_file: Path | None
    config_file: Path | None
    tokens: Mapping[str, bytes]

    @classmethod
    def from_environment(cls, values: Mapping[str, str]) -> ProxySettings:
        """Read the environment.

        Raises:
            SettingsError: a value is missing or cannot be used; the message names its variable.
        """
        environment = Environment(values)
        collected_file, config_file = environment.text("COLLECTED_FILE", ""), environment.text("CONFIG_FILE", "")
        return cls(
            backends=_backends(values),
            rules=read_rules(values),
            deadline_s=_number(values, "DEADLINE_S", 2.0, _LONGEST_S),
            retries=_whole(environment, "RETRIES", 1, 0, _MOST_RETRIES),
            retry_budget=_number(values, "RETRY_BUDGET", 0.1, 1.0, zero=True),
            connections=_whole(environment, "CONNECTIONS", 64, 1, _MOST_CONNECTIONS),
            collected_rows=_whole(environment, "COLLECTED_ROWS", 10_000, 1, _MOST_ROWS),
            collected_file=Path(collected_file) if collected_file else None,
            config_file=Path(config_file) if config_file else None,
            tokens=_tokens(values),
        )


def _backends(values: Mapping[str, str]) -> dict[str, Backend]:
    services = named(_without_service_links(values), "SERVICE")
    if not services:
        raise SettingsError("no SERVICE_<NAME> is set; set one for each service, such as SERVICE_SETOSA=setosa:8000")
    policies, timeouts = named(values, "POLICY"), named(values, "TIMEOUT_S")
    refuse_strangers("POLICY", policies, services)
    refuse_strangers("TIMEOUT_S", timeouts, services)
    default_policy = _policy("DEFAULT_POLICY", values.get("DEFAULT_POLICY", Policy.FAIL))
    default_timeout_s = _number(values, "DEFAULT_TIMEOUT_S", 1.0, _LONGEST_S)
    found = {}
    for name, place in services.items():
        upper = name.upper()
        policy, timeout_s = default_policy, default_timeout_s
        if name in policies:
            policy = _policy(f"POLICY_{upper}", policies[name])
        if name in timeouts:
            timeout_s = _number(values, f"TIMEOUT_S_{upper}", default_timeout_s, _LONGEST_S)
        found[name] = Backend(name, Backend.url_of(f"SERVICE_{upper}", place), timeout_s, policy)
    return found


def _without_service_links(values: Mapping[str, str]) -> dict[str, str]:
    """Leave out what Kubernetes tells every container about a Service whose name begins with ``service-``.

    Those variables are ``{NAME}_SERVICE_HOST``, ``{NAME}_SERVICE_PORT``, ``{NAME}_PORT`` and longer ones
    (Kubernetes documentation, Service, "Discovering services").
    """
    links = [key.removesuffix("_SERVICE_HOST") for key in values if key.endswith("_SERVICE_HOST")]
    prefixes = tuple(
        prefix for link in links for prefix in (f"{link}_SERVICE_HOST", f"{link}_SERVICE_PORT", f"{link}_PORT")
    )
    return {key: value for key, value in values.items() if not key.startswith(prefixes)} if prefixes else dict(values)


def _tokens(values: Mapping[str, str]) -> dict[str, bytes]:
    tokens = {}
    for who, token in named(values, "ADMIN_TOKEN").items():
        if len(token) < _SHORTEST_TOKEN:
            raise SettingsError(f"ADMIN_TOKEN_{who.upper()} is shorter than {_SHORTEST_TOKEN} characters")
        tokens[who] = hashlib.sha256(token.encode()).digest()
    return tokens


def _policy(variable: str, value: str) -> Policy:
    try:
        return Policy(value.lower())
    except ValueError:
        raise SettingsError(f"{variable}={value!r} is no policy; use one of {', '.join(Policy)}") from None


def _number(values: Mapping[str, str], variable: str, default: float, most: float, *, zero: bool = False) -> float:
    text = values.get(variable, str(default))
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (0 < value <= most or (zero and value == 0)):
        least = "0" if zero else "more than 0"
        raise SettingsError(f"{variable}={text!r} is out of range; write a number from {least} to {most:g}")
    return value


def _whole(environment: Environment, variable: str, default: int, least: int, most: int) -> int:
    value = environment.whole_number(variable, default)
    if not least <= value <= most:
        raise SettingsError(f"{variable}={value} is out of range; use {least} to {most}")
    return value
