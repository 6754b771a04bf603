"""Ports of a service: ``8000``, ``"8080:80"``, ``"127.0.0.1:8080:80/tcp"``, ranges, and the long form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gonogo.manifests import notes
from gonogo.manifests.compose.form import bad, scalar
from gonogo.manifests.document import Path
from gonogo.manifests.rule import Place

__all__ = ["ComposePort", "ports"]

_SHORT: Final = re.compile(
    r"(?:(?P<host>\[[0-9a-fA-F:.]+\]|[0-9]+(?:\.[0-9]+){3}|localhost):)?(?:(?P<published>[0-9-]*):)?"
    r"(?P<first>[0-9]{1,5})(?:-(?P<last>[0-9]{1,5}))?(?:/(?P<protocol>tcp|udp|sctp))?",
    re.IGNORECASE,
)
_MOST: Final = 65535
_MEND: Final = 'write "8000" or "8080:8000"'


@dataclass(frozen=True, slots=True)
class ComposePort:
    """A port that a container listens on, and the key that says so."""

    number: int
    protocol: str
    path: Path


def ports(service: dict[str, object], place: Place) -> tuple[ComposePort, ...]:
    """Return the container's ports by ``ports`` and ``expose``, each once."""
    found: dict[tuple[int, str], ComposePort] = {}
    for key in ("ports", "expose"):
        declared = service.get(key, [])
        here = place / key
        if not isinstance(declared, list):
            bad(here, declared, "a list", "write - before each port")
            continue
        for i, entry in enumerate(declared):
            read = _long(entry, here / i) if isinstance(entry, dict) else _short(entry, here / i)
            for port in read:
                found.setdefault((port.number, port.protocol), port)
    return tuple(found.values())


def _short(entry: object, place: Place) -> Iterator[ComposePort]:
    text = scalar(entry, place)
    if text is None:
        return
    match = _SHORT.fullmatch(text)
    first, last = (int(match["first"]), int(match["last"] or match["first"])) if match else (0, 0)
    if match is None or not 1 <= first <= last <= _MOST:
        bad(place, entry, "a port", _MEND)
        return
    published = match["published"]
    if published and published != _range(first, last):
        _elsewhere(place, published, _range(first, last))
    for port in range(first, last + 1):
        yield ComposePort(port, (match["protocol"] or "tcp").upper(), place.path)


def _long(entry: dict[str, object], place: Place) -> Iterator[ComposePort]:
    for key in entry:
        if key not in ("app_protocol", "host_ip", "mode", "name", "protocol", "published", "target"):
            bad(place / key, key, "a key of a port", "remove it")
    target = scalar(entry.get("target"), place / "target") if "target" in entry else None
    if target is None or not target.isdigit() or not 1 <= int(target) <= _MOST:
        bad(place / "target", entry.get("target"), "a port", "write target: 8000")
        return
    published = entry.get("published")
    if published is not None and str(published) not in ("", "0", target):
        _elsewhere(place / "published", str(published), target)
    yield ComposePort(int(target), str(entry.get("protocol", "tcp")).upper(), place.path)


def _elsewhere(place: Place, published: str, target: str) -> None:
    note = notes.NODE_PORT
    place.report(
        note.rule,
        f"port {published} is not opened on this machine: traffic enters by the service's own port {target}",
        note.mend,
    )


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"
