"""Which Pod is which replica: Pods come and go under random names, ``namespace/workload/ordinal`` stays. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gonogo.platforms.cluster.pods import PodView

__all__ = ["Roster", "Seat"]

Key = tuple[str, str, str]
"""Namespace in the cluster, kind and name of a workload."""


@dataclass(slots=True)
class Seat:
    """One replica.

    Attributes:
        pod: who holds it now; None: nobody yet, or nobody any more.
        held: uids of those who held it before.
        restarts: containers started again in those.
    """

    pod: PodView | None = None
    held: list[str] = field(default_factory=list)
    restarts: int = 0

    @property
    def started_again(self) -> int:
        """How often containers, or the whole Pod, came back."""
        now = self.pod.restarts if self.pod else 0
        # A Pod that took the place of another is a restart, as soon as it is there.
        return self.restarts + now + max(0, len(self.held) - (self.pod is None))


class Roster:
    """The seats of every workload; the first free one is taken by the next Pod that comes."""

    def __init__(self, wanted: Iterable[tuple[Key, int]]) -> None:
        self._seats = {key: [Seat() for _ in range(count)] for key, count in wanted}

    def update(self, pods: Iterable[PodView]) -> tuple[PodView, ...]:
        """Seat ``pods``, all that there are.

        Returns:
            Pods that lost their seats since the last time, as they were seen last.
        """
        present: dict[Key, list[PodView]] = {}
        for pod in sorted(pods, key=lambda each: (each.created, each.name)):
            present.setdefault((pod.namespace, *pod.owner), []).append(pod)
        left: list[PodView] = []
        for key, seats in self._seats.items():
            left += _seat(seats, present.get(key, ()))
        return tuple(left)

    def resize(self, key: Key, count: int) -> None:
        """Have at least ``count`` seats, and drop free ones at the end beyond it."""
        seats = self._seats[key]
        seats += [Seat() for _ in range(count - len(seats))]
        while len(seats) > count and seats[-1].pod is None:
            seats.pop()

    def seats(self, key: Key) -> Sequence[Seat]:
        """The seats of a workload, by ordinal."""
        return self._seats[key]


def _seat(seats: list[Seat], pods: Sequence[PodView]) -> list[PodView]:
    known = {pod.uid: pod for pod in pods}
    left = []
    for seat in seats:
        if seat.pod is None:
            continue
        now = known.get(seat.pod.uid)
        if now is None or now.deleting:
            left.append(now or seat.pod)
            seat.held.append(seat.pod.uid)
            seat.restarts += (now or seat.pod).restarts
            seat.pod = None
        else:
            seat.pod = now
    seated = {seat.pod.uid for seat in seats if seat.pod} | {uid for seat in seats for uid in seat.held}
    waiting = [pod for pod in pods if pod.uid not in seated and not pod.deleting]
    for pod in waiting:
        free = next((seat for seat in seats if seat.pod is None), None)
        if free is None:
            free = next((seat for seat in seats if seat.pod and seat.pod.over and not pod.over), None)
        if free is None:
            seats.append(Seat(pod))
            continue
        if free.pod is not None:  # a Pod that failed, such as an evicted one, is listed beside the one for it
            free.held.append(free.pod.uid)
            free.restarts += free.pod.restarts
            left.append(free.pod)
        free.pod = pod
    return left
