"""How long a session's namespaces may live: as long as their owner does, and a little longer where nobody can tell.

A namespace carries its owner (host, boot, process) and a time until which it is alive, which the owner pushes forward.
A later start on the same host sees at once whether the owner lives; elsewhere the time decides.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import psutil

from gonogo.platforms.cluster.api import Api, Json, Refused
from gonogo.platforms.cluster.names import EXPIRES, OWNER, SELECTOR

__all__ = ["LIFETIME", "Owner", "is_over", "marks", "reap", "renew"]

LIFETIME: Final = timedelta(minutes=10)
"""After the last sign of life of an owner on another host."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A process, told apart from every other one.

    Attributes:
        boot: the kernel's id of its boot; empty where there is none.
        started: of the process, seconds since 1970.
    """

    host: str
    boot: str
    pid: int
    started: float

    @classmethod
    def here(cls) -> Owner:
        """This process."""
        process = psutil.Process()
        return cls(socket.gethostname(), _boot(), os.getpid(), process.create_time())

    def lives(self) -> bool | None:
        """Whether it still runs; None when it is another host's and nobody here can tell."""
        if (self.host, self.boot) != (socket.gethostname(), _boot()):
            return None
        try:
            process = psutil.Process(self.pid)
            return abs(process.create_time() - self.started) < 1.0 and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False


def marks(owner: Owner, now: datetime) -> Mapping[str, str]:
    """Return the annotations of a namespace that ``owner`` makes ``now``."""
    return {OWNER: json.dumps(asdict(owner)), EXPIRES: (now + LIFETIME).isoformat(timespec="seconds")}


def renew(api: Api, namespace: str, now: datetime, *, patient: bool = False) -> None:
    """Push the end of ``namespace`` forward."""
    until = (now + LIFETIME).isoformat(timespec="seconds")
    api.merge(f"/api/v1/namespaces/{namespace}", {"metadata": {"annotations": {EXPIRES: until}}}, patient=patient)


def is_over(annotations: Mapping[str, str], now: datetime, lives: Callable[[Owner], bool | None] = Owner.lives) -> bool:
    """Whether a namespace with these annotations has outlived its session. One that says nothing readable has not."""
    try:
        alive = lives(Owner(**json.loads(annotations[OWNER])))
        expires = datetime.fromisoformat(annotations[EXPIRES])
    except (KeyError, TypeError, ValueError):
        return False
    return expires < now if alive is None else not alive


def reap(api: Api) -> tuple[str, ...]:
    """Remove what dead sessions left.

    Returns:
        A note where the cluster does not let gonogo look.
    """
    try:
        found: Json = api.get("/api/v1/namespaces", labelSelector=SELECTOR)
    except Refused as refusal:
        return (f"what dead sessions may have left in the cluster was not looked for: {refusal.what}",)
    for each in found.get("items", ()):
        metadata = each["metadata"]
        if not metadata.get("deletionTimestamp") and is_over(metadata.get("annotations") or {}, datetime.now(UTC)):
            api.delete(f"/api/v1/namespaces/{metadata['name']}")
    return ()


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
