"""A health check as a readiness probe.

Docker marks a container that fails its check as unhealthy and does nothing else, so that the check becomes a readiness
probe and no liveness probe. A check that fetches a URL of the container itself with curl or wget is asked without
them, by HTTP: neither program has to be where the service runs.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from gonogo.manifests.compose.form import bad, duration_s, mapping, number, texts
from gonogo.manifests.rule import Place

__all__ = ["readiness"]

_KEYS: Final = ("disable", "interval", "retries", "start_interval", "start_period", "test", "timeout")
_INTERVAL_S: Final = 30.0
_RETRIES: Final = 3
_OWN_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "0.0.0.0", "::1"})  # noqa: S104 - names that a check asks
_FETCHERS: Final = frozenset({"curl", "wget"})
_EXIT: Final = re.compile(r"\s*\|\|\s*exit\s+[0-9]+\s*$")
# Options that neither change what is asked nor take a word of their own.
_PLAIN_OPTIONS: Final = re.compile(r"--(fail|silent|show-error|quiet|spider|no-verbose|head)|-[fsSqI]+|-nv")
_TAKING: Final = {"-o": 1, "--output": 1, "-O": 1, "-m": 1, "--max-time": 1, "-T": 1, "-t": 1}
_GLUED: Final = re.compile(r"--(tries|timeout|max-time|output|output-document)=\S+|-(qO-|qO/dev/null|O-)")


def readiness(value: object, place: Place) -> dict[str, Any] | None:
    """Return the readiness probe, in Kubernetes' fields; None when there is no check."""
    check = mapping(value, place)
    for key in check:
        if key not in _KEYS:
            bad(place / key, key, "a key of a health check", f"write one of {', '.join(_KEYS)}")
    action = _action(check, place)
    if action is None:
        return None
    retries = number(check.get("retries", _RETRIES), place / "retries")
    return {
        **action,
        "periodSeconds": _seconds(check, "interval", place) or _INTERVAL_S,
        "timeoutSeconds": _seconds(check, "timeout", place) or _INTERVAL_S,
        "failureThreshold": retries or _RETRIES,
    }


def _seconds(check: Mapping[str, object], key: str, place: Place) -> float | None:
    return duration_s(check[key], place / key) if key in check else None


def _action(check: Mapping[str, object], place: Place) -> dict[str, Any] | None:
    if check.get("disable") is True:
        return None
    if "test" not in check:
        if check:
            bad(place, dict(check), "a health check with a test", 'write test: ["CMD", "program", "argument"]')
        return None
    test = check["test"]
    if isinstance(test, str):
        test = ["CMD-SHELL", test]
    words = texts(test, place / "test")
    kind, rest = words[:1], words[1:]
    if kind == ("NONE",):
        return None
    if kind == ("CMD",) and rest:
        return _fetched(rest) or {"exec": {"command": rest}}
    if kind == ("CMD-SHELL",) and len(rest) == 1:
        line = _EXIT.sub("", rest[0])
        simple = not re.search(r"[|&;<>$`(){}*?\\]", line)
        return (_fetched(_split(line)) if simple else None) or {"exec": {"command": ("/bin/sh", "-c", rest[0])}}
    bad(place / "test", test, "a test", 'begin it with "CMD", "CMD-SHELL" or "NONE"')
    return None


def _split(line: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(line))
    except ValueError:
        return ()


def _fetched(words: tuple[str, ...]) -> dict[str, Any] | None:
    """Return what curl or wget would ask of the container itself; None when the command does more than that."""
    if not words or words[0].rpartition("/")[2] not in _FETCHERS:
        return None
    urls: list[str] = []
    skip = 0
    for word in words[1:]:
        if skip:
            skip -= 1
        elif word in _TAKING:
            skip = _TAKING[word]
        elif not word.startswith("-"):
            urls.append(word)
        elif not (_PLAIN_OPTIONS.fullmatch(word) or _GLUED.fullmatch(word)):
            return None
    return _http_get(urls[0]) if len(urls) == 1 else None


def _http_get(url: str) -> dict[str, Any] | None:
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        port = parts.port or 80
    except ValueError:
        return None
    if parts.scheme != "http" or parts.hostname not in _OWN_HOSTS or parts.username:
        return None
    path = parts.path or "/"
    return {"httpGet": {"path": f"{path}?{parts.query}" if parts.query else path, "port": port}}
