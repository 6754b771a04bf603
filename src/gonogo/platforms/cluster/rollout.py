"""Waiting for a stack in the cluster: until every replica is ready, none can become so any more, or time is up."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gonogo.errors import EnvironmentFault, StackError
from gonogo.manifests.topology import ConfigMapVolume, Topology, Workload
from gonogo.platforms.cluster.pods import PodView
from gonogo.platforms.cluster.reasons import Reason, why_not_ready
from gonogo.platforms.cluster.watch import Watch
from gonogo.platforms.process.addresses import replica_name
from gonogo.units import format_duration

__all__ = ["Unready", "await_ready", "redactor", "start_error", "unready"]

_LOOK_S: Final = 0.1
_SHORTEST_SECRET: Final = 4


@dataclass(frozen=True, slots=True)
class Unready:
    """A replica that is not ready, and why."""

    replica: str
    reason: Reason
    pod: PodView | None = None


def await_ready(watch: Watch, topology: Topology, timeout_s: float) -> None:
    """Return when every replica of ``topology`` is ready.

    Raises:
        StackError: one is not, by its own fault.
        EnvironmentFault: one is not, because of the cluster.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        watch.look()
        waiting = unready(watch, topology.workloads)
        if not waiting:
            return
        late = time.monotonic() >= deadline
        if late or all(each.reason.hopeless for each in waiting):
            after = f"not ready within {format_duration(timeout_s)}: " if late else ""
            raise start_error(waiting, _tails(watch, waiting), redactor(topology), after)
        time.sleep(_LOOK_S)


def unready(watch: Watch, workloads: Sequence[Workload]) -> tuple[Unready, ...]:
    """Return the replicas that are not ready."""
    events = watch.events()
    found = []
    for workload in workloads:
        for ordinal, seat in enumerate(watch.seats(workload)):
            reason = why_not_ready(seat.pod, workload, events, watch.refusal(workload))
            if reason is not None:
                found.append(Unready(replica_name(workload, ordinal), reason, seat.pod))
    return tuple(found)


def start_error(
    failed: Sequence[Unready], tails: Mapping[str, str], redact: Callable[[str], str], after: str = ""
) -> EnvironmentFault:
    """Return the error for replicas that did not get ready, those that failed alike told once.

    Args:
        failed: at least one.
        tails: the ends of their logs, by replica.
        redact: takes out what may not be shown.
        after: what stands before each reason.
    """
    alike: dict[tuple[str, str], list[Unready]] = {}
    for each in failed:
        alike.setdefault((each.replica.rpartition("/")[0], each.reason.text), []).append(each)
    sentences = [f"{_names(group)}: {after}{text}" for (_, text), group in alike.items()]
    what = sentences[0] if len(sentences) == 1 else "".join(f"\n  {sentence}" for sentence in sentences)
    ends = "\n".join(tails[group[0].replica] for group in alike.values() if group[0].replica in tails)
    # What the cluster did not do cannot be held against the service.
    kind = StackError if all(each.reason.service for each in failed) else EnvironmentFault
    return kind(redact(what), mend=redact(ends))


def redactor(topology: Topology) -> Callable[[str], str]:
    """Return what replaces the values of Secrets in a text by stars."""
    values: set[str] = set()
    for workload in topology.workloads:
        for container in (*workload.init_containers, *workload.containers):
            values |= {str(variable.value) for variable in container.env if variable.secret}
        for volume in workload.volumes:
            if isinstance(volume, ConfigMapVolume) and volume.secret:
                values |= {bytes(content).decode(errors="replace").strip() for content in volume.files.values()}
    longest_first = sorted((value for value in values if len(value) >= _SHORTEST_SECRET), key=len, reverse=True)

    def redact(text: str) -> str:
        for value in longest_first:
            text = text.replace(value, "***")
        return text

    return redact


def _tails(watch: Watch, failed: Sequence[Unready]) -> Mapping[str, str]:
    told = {}
    for each in failed:
        if each.pod is not None and each.reason.container:
            lines = watch.logbook.tail(each.pod, each.reason.container)
            if lines:
                listed = "".join(f"\n    {line}" for line in lines)
                told[each.replica] = f"the last lines of {each.replica} container {each.reason.container}:{listed}"
    return told


def _names(group: Sequence[Unready]) -> str:
    first, *others = (each.replica for each in group)
    return ", ".join([first, *("/" + name.rpartition("/")[2] for name in others)])
