"""Usage adds up over the lives of containers, and is told by who is allowed to tell it."""

from __future__ import annotations

import pytest

from gonogo.platforms.cluster.usage import ContainerUse, Meter, read_summary


def _use(cpu_s: float, rss: int = 100, *, container: str = "main", started: str = "1") -> ContainerUse:
    return ContainerUse("p", container, started, cpu_s, rss)


def test_cpu_time_of_a_containers_earlier_lives_stays() -> None:
    """A container that started again begins at zero; the Pod does not."""
    meter = Meter()
    meter.add([_use(3.0)])
    meter.add([_use(0.5, started="2")])
    assert meter.cpu_s(["p"]) == pytest.approx(3.5)


def test_containers_side_by_side_add_up() -> None:
    """CPU time and memory of a Pod are those of all its containers."""
    meter = Meter()
    meter.add([_use(1.0, 100), _use(2.0, 50, container="side")])
    assert meter.cpu_s(["p"]) == pytest.approx(3.0)
    assert meter.memory("p") == (150, 150)


def test_the_peak_is_the_most_seen_since_it_was_started_anew() -> None:
    """Memory that was given back counts until the peaks are reset."""
    meter = Meter()
    meter.add([_use(1.0, 300)])
    meter.add([_use(1.0, 200)])
    assert meter.memory("p") == (200, 300)
    meter.reset_peaks()
    assert meter.memory("p") == (200, 200)


def test_a_pod_that_nobody_told_of_is_not_known() -> None:
    """Which is another thing than a Pod that used nothing."""
    assert not Meter().knows("p")


def test_the_kubelets_summary_is_read() -> None:
    """Nanoseconds become seconds; a container without figures is left out."""
    summary = {
        "pods": [
            {
                "podRef": {"uid": "p"},
                "containers": [
                    {
                        "name": "main",
                        "startTime": "1",
                        "cpu": {"usageCoreNanoSeconds": 2_500_000_000},
                        "memory": {"rssBytes": 100, "workingSetBytes": 900},
                    },
                    {"name": "new", "cpu": {}, "memory": {}},
                ],
            }
        ]
    }
    assert read_summary(summary) == (_use(2.5),)
