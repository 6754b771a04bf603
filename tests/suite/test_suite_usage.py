"""What replicas used over the time of a run."""

from __future__ import annotations

import threading

import pytest

from gonogo.manifests.findings import Source
from gonogo.manifests.topology import Container, Resources, Topology, Workload
from gonogo.platforms.interface import ReplicaSample
from gonogo.suite.usage import UsageWatch, series

NAME = "default/iris/0"


def _sample(cpu_s: float, *, throttled_s: float | None = 0.0, rss: int = 100) -> dict[str, ReplicaSample]:
    return {NAME: ReplicaSample(NAME, cpu_s, rss, rss, throttled_s, 0)}


def _topology(**limits: object) -> Topology:
    source = Source("iris.yaml", 1)
    container = Container("iris", "iris:1", source, resources=Resources(**limits))  # type: ignore[arg-type] # as named
    return Topology(workloads=(Workload("Deployment", "default", "iris", 1, (container,), source),))


def test_a_point_is_what_was_used_since_the_sample_before() -> None:
    """Cores are CPU seconds by seconds, and so is the share of the time in which a limit held the replica back."""
    (one,) = series(
        [(0.5, _sample(1.0)), (1.0, _sample(1.2, throttled_s=0.1)), (2.0, _sample(1.3, throttled_s=0.1, rss=300))],
        Topology(),
    )
    assert one.t_s == (1.0, 2.0)
    assert one.cpu == pytest.approx((0.4, 0.1))
    assert one.throttled == pytest.approx((0.2, 0.0))
    assert one.rss == (100, 300)


def test_declared_limits_stand_beside_what_was_used() -> None:
    """The limits of a replica are those of its workload's containers together; one without a limit has none."""
    samples = [(0.5, _sample(1.0)), (1.0, _sample(1.2))]
    (limited,) = series(samples, _topology(cpu_limit=0.5, memory_limit=1000))
    (open_,) = series(samples, _topology(cpu_limit=None, memory_limit=1000))
    assert (limited.cpu_limit, limited.rss_limit, open_.cpu_limit) == (0.5, 1000, None)


def test_what_a_platform_cannot_tell_is_left_out() -> None:
    """Unknown throttling is no zero, and a replica that was started again does not use less than nothing."""
    (one,) = series([(0.5, _sample(5.0, throttled_s=None)), (1.0, _sample(0.1, throttled_s=None))], Topology())
    assert (one.throttled, one.cpu) == ((), (0.0,))


def test_one_sample_is_no_series() -> None:
    """Usage is a difference."""
    assert series([(0.5, _sample(1.0))], Topology()) == ()


class Stack:
    """A stack that is sampled, and fails once."""

    topology = Topology()

    def __init__(self) -> None:
        self.samples = 0
        self.enough = threading.Event()

    def reset_peaks(self) -> None:
        """Nothing to reset."""

    def sample(self) -> dict[str, ReplicaSample]:
        self.samples += 1
        if self.samples == 3:
            raise OSError("a process has just ended")
        if self.samples >= 6:
            self.enough.set()
        return _sample(self.samples * 0.1)


def test_a_stack_is_followed_until_the_block_ends() -> None:
    """Samples come by themselves, one that fails is left out, and no thread stays."""
    stack = Stack()
    watch = UsageWatch(stack)  # type: ignore[arg-type] # what is sampled is all that it needs
    clock = iter(range(1000))
    with watch.following(lambda: float(next(clock))):
        assert stack.enough.wait(20)
    assert len(watch.over_time()[0].t_s) >= 2
    assert "gonogo-usage" not in {thread.name for thread in threading.enumerate()}
