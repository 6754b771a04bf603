"""How Pods are reached from here, and when a cluster's Services lead to them."""

from __future__ import annotations

import socket

from gonogo.platforms.cluster.reach import await_routing, connects
from gonogo.platforms.interface import Endpoint

ONE, OTHER = Endpoint("198.51.100.1", 80), Endpoint("198.51.100.2", 80)


def test_a_listening_port_connects_and_a_closed_one_does_not() -> None:
    """The way to a Pod is tried by connecting."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        endpoint = Endpoint("127.0.0.1", listener.getsockname()[1])
        assert connects(endpoint)
    assert not connects(endpoint)


def test_routing_is_there_when_every_service_connects() -> None:
    """One that connects is not tried again; the others are, and nobody waits longer than it takes."""
    answers = {ONE: [True], OTHER: [False, False, True]}
    pauses: list[float] = []
    await_routing([ONE, OTHER], clock=lambda: 0.0, try_one=lambda each: answers[each].pop(0), pause=pauses.append)
    assert answers == {ONE: [], OTHER: []}
    assert len(pauses) == 2


def test_where_nobody_can_look_the_time_is_the_wait() -> None:
    """No route leads to the cluster's addresses: it ends all the same."""
    now = [0.0]

    def pause(seconds: float) -> None:
        now[0] += seconds

    await_routing([ONE], 4.0, clock=lambda: now[0], try_one=lambda _: False, pause=pause)
    assert 4.0 <= now[0] < 4.5
