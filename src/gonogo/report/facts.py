"""Key facts: the part of the provenance that a reader needs at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

__all__ = ["NOT_RECORDED", "host_of", "key_facts", "started"]

_LABELS: Final = {
    "Service": ("service", "services"),
    "Model": ("model", "models", "model_version"),
    "Image": ("image", "images", "model_hash"),
    "Commit": ("commit",),
    "Platform": ("platform",),
}
"""What is shown, and the names under which a session records it: the first that it did."""

_WANTED: Final = ("Service", "Model", "Image", "Commit")
"""Without these nobody knows what was judged, so that it is said when they are missing."""

NOT_RECORDED: Final = "not recorded"

_HASH: Final = re.compile(r"\b([0-9a-f]{12})(?:[0-9a-f]{28}|[0-9a-f]{52})\b")


def key_facts(provenance: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Return labels and texts: service, model, image, commit, platform, machine and start. Hashes are cut short."""
    facts = []
    for label, keys in _LABELS.items():
        text = next((text for key in keys if (text := _text(provenance.get(key)))), "")
        if text or label in _WANTED:
            facts.append((label, _HASH.sub(r"\1", text) or NOT_RECORDED))
    machine, start = _machine(provenance.get("machine")), started(provenance)
    if machine:
        facts.append(("Machine", machine))
    if start:
        facts.append(("Started", f"{start:%Y-%m-%d %H:%M} UTC"))
    return tuple(facts)


def host_of(provenance: Mapping[str, object]) -> str:
    """Return the name of the machine; empty when it was not recorded."""
    machine = provenance.get("machine")
    return str(machine.get("host") or "") if isinstance(machine, Mapping) else ""


def started(provenance: Mapping[str, object]) -> datetime | None:
    """Return when the session started, in UTC; None when that was not recorded."""
    try:
        moment = datetime.fromisoformat(str(provenance.get("started_at")))
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _text(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_text(item)}".strip() for name, item in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return ", ".join(_text(item) for item in value)
    return "" if value is None else str(value)


def _machine(machine: object) -> str:
    """Return the machine in one line: ``AMD EPYC, 2 cores, 8 GiB``."""
    if not isinstance(machine, Mapping):
        return str(machine or "")
    cores = f"{machine['cores']} cores" if machine.get("cores") else ""
    return ", ".join(str(part) for part in (machine.get("cpu"), cores, machine.get("memory")) if part)
