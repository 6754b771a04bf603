"""What happened in the cluster while a stack ran, in files beside its logs: events, and replicas over time."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from gonogo.platforms.cluster.pods import EventView

__all__ = ["Diary"]


class Diary:
    """Writes ``events.log`` and ``replicas.csv`` in a folder; each thing once."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._events = folder / "events.log"
        self._replicas = folder / "replicas.csv"
        self._told: dict[str, int] = {}
        self._counts: dict[str, tuple[int, int]] = {}
        self._begun = time.monotonic()
        self._events.touch()
        self._replicas.write_text("elapsed_s,workload,wanted,ready\n", encoding="utf-8")

    def events(self, events: Iterable[EventView]) -> None:
        """Write down events that are new, or that happened again."""
        new = [each for each in events if each.count > self._told.get(each.uid, 0)]
        if not new:
            return
        with self._events.open("a", encoding="utf-8") as file:
            for each in sorted(new, key=lambda event: event.last):
                kind = "warning" if each.warning else "normal"
                again = f" (x{each.count})" if each.count > 1 else ""
                file.write(f"{each.last} {kind} {'/'.join(each.about)} {each.reason}: {each.message}{again}\n")
                self._told[each.uid] = each.count

    def replicas(self, counts: Iterable[tuple[str, int, int]]) -> None:
        """Write down how many replicas a workload wants and has ready, when that has changed."""
        changed = [(name, (wanted, ready)) for name, wanted, ready in counts]
        changed = [(name, now) for name, now in changed if self._counts.get(name) != now]
        if not changed:
            return
        with self._replicas.open("a", encoding="utf-8") as file:
            for name, (wanted, ready) in changed:
                file.write(f"{time.monotonic() - self._begun:.2f},{name},{wanted},{ready}\n")
                self._counts[name] = (wanted, ready)
