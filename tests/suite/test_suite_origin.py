"""Where loads are sent from: here, or from within a stack that takes the generator in."""

from __future__ import annotations

import pytest

from gonogo.errors import UsageError
from gonogo.load.target import Target
from gonogo.manifests.topology import Topology
from gonogo.platforms.interface import WorkerSize
from gonogo.settings import Settings
from gonogo.suite.origin import HERE, Inside, origin, told
from gonogo.wiring.stacks import placement_for, platform_for

_SIZE = WorkerSize(1.0, 1000 * 1024**2, "Pod shop/client")


def test_by_default_load_is_sent_from_here() -> None:
    """Without a setting nothing changes."""
    assert Settings().generator == "here"
    assert origin(None, inside=False) is HERE


def test_without_a_stack_there_is_no_inside() -> None:
    """The message says what to do."""
    with pytest.raises(UsageError, match=r"no stack to send load from within; mark the test"):
        origin(None, inside=True)


@pytest.mark.parametrize("platform", ["process"])
def test_platforms_that_cannot_take_the_generator_in(platform: str) -> None:
    """They are refused before anything starts."""
    settings = Settings(platform=platform, generator="inside")
    with pytest.raises(UsageError, match=f"cannot be sent from inside of the platform {platform}"):
        platform_for(settings, placement_for(Topology(), settings))


@pytest.mark.parametrize("endpoint", ["127.0.0.1", "127.8.8.8", "::1"])
def test_loopback_is_refused_from_inside(endpoint: str) -> None:
    """There it is the worker itself, and every request would fail by the generator's fault."""
    target = Target.build("GET", "http://web.shop/", endpoints=[(endpoint, 80)])
    with pytest.raises(UsageError, match="is the load generator itself"):
        Inside.check(target)


def test_a_url_on_loopback_is_refused_from_inside() -> None:
    """Also where the target names no endpoints."""
    with pytest.raises(UsageError, match="is the load generator itself"):
        Inside.check(Target.build("GET", "http://localhost:8000/"))


def test_pod_addresses_are_taken() -> None:
    """What a worker can reach is not refused."""
    Inside.check(Target.build("GET", "http://web.shop/", endpoints=[("10.0.0.7", 80)]))


def test_the_judgment_says_where_and_with_what() -> None:
    """One worker in a clause."""
    assert told(["Pod a/b on node c"], _SIZE, 0.0) == (
        "load was sent from inside of the stack, by Pod a/b on node c, with 1 core and 1000 MiB, "
        "requested and limited alike (Pod shop/client)"
    )


def test_the_judgment_names_every_worker() -> None:
    """And how far apart they began."""
    assert told(["Pod a/b", "Pod a/c"], _SIZE, 0.0021) == (
        "load was sent from inside of the stack, by 2 workers, each with 1 core and 1000 MiB, requested and limited "
        "alike (Pod shop/client): Pod a/b; Pod a/c; they began within 2.1 ms of each other"
    )
