"""The output of Pods' containers, copied into files that stay when the Pods are gone."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from gonogo.errors import EnvironmentFault
from gonogo.platforms.cluster.api import Api, Refused
from gonogo.platforms.cluster.pods import ContainerView, PodView

__all__ = ["Logbook"]

_MOST_BYTES: Final = 64 * 1024 * 1024
_TAIL_LINES: Final = 12


class Logbook:
    """Copies logs, from any thread. Lines carry the time at which the node took them: none is copied twice.

    Args:
        api: where to read.
        folder: where to write.
    """

    def __init__(self, api: Api, folder: Path) -> None:
        self._api = api
        self._folder = folder
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, str], str] = {}
        self._lives: dict[tuple[str, str], int] = {}
        self.trouble = ""
        folder.mkdir(parents=True, exist_ok=True)

    def file(self, replica: str) -> Path:
        """Return the file of a replica; it exists."""
        path = self._folder / f"{replica.replace('/', '_')}.log"
        path.touch()
        return path

    def copy(self, replica: str, pod: PodView) -> None:
        """Append what the containers of ``pod`` have written since the last time."""
        with self._lock:
            for container in pod.containers:
                self._copy(replica, pod, container)

    def _copy(self, replica: str, pod: PodView, container: ContainerView) -> None:
        key = (pod.uid, container.name)
        if container.restarts > self._lives.get(key, 0):
            self._lives[key] = container.restarts
            self._append(replica, pod, container, previous=True)
            ended = f" {container.ended}" if container.ended else ""
            self._write(replica, [f"--- gonogo: container {container.name} ended{ended} and was started again"])
        self._append(replica, pod, container, previous=False)

    def tail(self, pod: PodView, container: str) -> tuple[str, ...]:
        """Return the last lines that ``container`` wrote, of its life before where it has begun a new one."""
        for previous in ("false", "true"):
            lines = self._lines(pod, container, previous=previous, tailLines=_TAIL_LINES)
            if lines:
                return tuple(line.partition(" ")[2] for line in lines)
        return ()

    def _append(self, replica: str, pod: PodView, container: ContainerView, *, previous: bool) -> None:
        if not (container.running or container.ended or previous):
            return
        key = (pod.uid, container.name)
        last = self._seen.get(key, "")
        since = {"sinceTime": f"{last[:19]}Z"} if last and not previous else {}
        read = self._lines(pod, container.name, previous=str(previous).lower(), limitBytes=_MOST_BYTES, **since)
        new = [line for line in read if line.partition(" ")[0] > last]
        if not new:
            return
        self._seen[key] = new[-1].partition(" ")[0]
        # What ran before the others wrote before them: only those that run side by side are told apart.
        beside = sum(not each.init for each in pod.containers) > 1
        mark = f"[{container.name}] " if beside else ""
        self._write(replica, [mark + line.partition(" ")[2] for line in new])

    def _write(self, replica: str, lines: Iterable[str]) -> None:
        path = self.file(replica)
        if path.stat().st_size > _MOST_BYTES:
            return
        with path.open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
            if file.tell() > _MOST_BYTES:
                file.write("--- gonogo: the log is longer than 64 MiB: what follows was not copied\n")

    def _lines(self, pod: PodView, container: str, **query: str | int) -> list[str]:
        path = f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}/log"
        try:
            text = self._api.text(path, {"container": container, "timestamps": "true", **query})
        except Refused as refusal:
            # 400 and 404: the container has not started, has no life before, or is gone with its Pod.
            if refusal.status not in (400, 404) or "lookup" in refusal.what:
                self.trouble = refusal.what
            return []
        except EnvironmentFault as fault:
            self.trouble = fault.what
            return []
        return [line for line in text.split("\n") if line]
