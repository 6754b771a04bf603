"""Replicas keep their names while Pods come and go."""

from __future__ import annotations

from dataclasses import replace

from gonogo.platforms.cluster.roster import Roster
from tests.platforms.cluster_pods import pod

KEY = ("shop-1", "Deployment", "web")


def _held(roster: Roster) -> list[str | None]:
    return [seat.pod.uid if seat.pod else None for seat in roster.seats(KEY)]


def test_pods_take_seats_in_the_order_in_which_they_were_made() -> None:
    """The older Pod is replica 0; of two of the same second, the name decides."""
    roster = Roster([(KEY, 3)])
    late = replace(pod("a"), created="2026-01-01T00:00:09Z")
    assert roster.update([late, pod("c"), pod("b")]) == ()
    assert _held(roster) == ["b", "c", "a"]


def test_the_next_pod_takes_the_free_seat() -> None:
    """A Pod that goes leaves its ordinal to the one that comes, which counts as started again."""
    roster = Roster([(KEY, 2)])
    roster.update([pod("a"), pod("b")])
    assert [each.uid for each in roster.update([pod("b")])] == ["a"]
    assert _held(roster) == [None, "b"]
    assert roster.seats(KEY)[0].started_again == 0
    roster.update([pod("b"), pod("c")])
    assert _held(roster) == ["c", "b"]
    assert roster.seats(KEY)[0].started_again == 1
    assert roster.seats(KEY)[0].held == ["a"]


def test_a_pod_that_is_being_deleted_has_left() -> None:
    """It is told once, and does not come back to its seat while it ends."""
    roster = Roster([(KEY, 1)])
    roster.update([pod("a")])
    ending = pod("a", deleting=True)
    assert roster.update([ending]) == (ending,)
    assert roster.update([ending]) == ()
    assert _held(roster) == [None]


def test_a_pod_that_failed_gives_way_to_the_one_made_for_it() -> None:
    """An evicted Pod stays listed beside its successor."""
    roster = Roster([(KEY, 1)])
    roster.update([pod("a")])
    evicted = pod("a", ready=False, phase="Failed", why="Evicted: low on memory")
    assert roster.update([evicted]) == ()
    assert [each.uid for each in roster.update([evicted, pod("b")])] == ["a"]
    assert _held(roster) == ["b"]


def test_seats_follow_the_number_of_replicas() -> None:
    """More are made at once; at the end, those that nobody holds are dropped."""
    roster = Roster([(KEY, 1)])
    roster.resize(KEY, 3)
    roster.update([pod("a"), pod("b")])
    assert _held(roster) == ["a", "b", None]
    roster.resize(KEY, 1)
    assert _held(roster) == ["a", "b"]
    roster.update([pod("a")])
    roster.resize(KEY, 1)
    assert _held(roster) == ["a"]


def test_restarts_of_containers_count_over_pods() -> None:
    """What restarted in the Pod before is not forgotten."""
    roster = Roster([(KEY, 1)])
    first = pod("a")
    restarted = replace(first, containers=(replace(first.containers[0], restarts=2),))
    roster.update([restarted])
    roster.update([pod("b")])
    assert roster.seats(KEY)[0].started_again == 3
