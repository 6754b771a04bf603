"""Key facts: the part of the provenance that a reader needs at once. Each is shown when the session recorded it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

__all__ = ["host_of", "key_facts", "started"]

_LABELS: Final = {"service": "Service", "model": "Model", "commit": "Commit", "platform": "Platform"}
_COMMIT: Final = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{28}\b")


def key_facts(provenance: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Return labels and texts: service, model, commit, platform, machine and start."""
    facts = [(label, _COMMIT.sub(r"\1", str(provenance[key]))) for key, label in _LABELS.items() if provenance.get(key)]
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


def _machine(machine: object) -> str:
    """Return the machine in one line: ``AMD EPYC, 2 cores, 8 GiB``."""
    if not isinstance(machine, Mapping):
        return str(machine or "")
    cores = f"{machine['cores']} cores" if machine.get("cores") else ""
    return ", ".join(str(part) for part in (machine.get("cpu"), cores, machine.get("memory")) if part)
