"""Annotations that order the sidecar."""

from __future__ import annotations

import pytest

from gonogo.errors import ManifestError
from gonogo.sidecar.order import SidecarOrder, read_order


@pytest.mark.parametrize(
    ("annotations", "order"),
    [
        ({}, SidecarOrder()),
        ({"sidecar.istio.io/inject": "false"}, SidecarOrder(wanted=False)),
        ({"sidecar.istio.io/inject": "true"}, SidecarOrder()),
        ({"proxy.istio.io/config": "concurrency: 3"}, SidecarOrder(workers=3)),
        ({"proxy.istio.io/config": "concurrency: 0"}, SidecarOrder()),
    ],
    ids=["silence", "inject false", "inject true", "concurrency", "concurrency 0 is one for each CPU"],
)
def test_annotations_say_what_the_sidecar_is(annotations: dict[str, str], order: SidecarOrder) -> None:
    """Silence orders a sidecar with a worker for each CPU."""
    assert read_order(annotations, where="Pod shop/client") == order


def test_cpu_sets_the_workers() -> None:
    """1500m of CPU are two workers, as a request; a request limits nothing."""
    order = read_order({"sidecar.istio.io/proxyCPU": "1500m"}, where="Pod shop/client")
    assert (order.workers, order.cpu_limit) == (2, None)


def test_limits_are_those_of_the_annotations() -> None:
    """Cores and bytes; the Pod is kept for messages."""
    given = {"sidecar.istio.io/proxyCPULimit": "250m", "sidecar.istio.io/proxyMemoryLimit": "128Mi"}
    order = read_order(given, where="Pod shop/client")
    assert (order.cpu_limit, order.memory_limit, order.where) == (0.25, 128 << 20, "Pod shop/client")


def test_the_limit_comes_before_the_request() -> None:
    """Where both are given, the CPU limit sets the workers."""
    given = {"sidecar.istio.io/proxyCPU": "100m", "sidecar.istio.io/proxyCPULimit": "4"}
    assert read_order(given, where="Pod shop/client").workers == 4


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sidecar.istio.io/proxyCPU", "much"),
        ("sidecar.istio.io/proxyMemory", "-1"),
        ("proxy.istio.io/config", "concurrency: many"),
        ("proxy.istio.io/config", "concurrency: -1"),
        ("proxy.istio.io/config", "{"),
    ],
)
def test_an_annotation_that_cannot_be_read_is_named(name: str, value: str) -> None:
    """The message has the Pod, and how to mend it."""
    with pytest.raises(ManifestError, match="Pod shop/client") as raised:
        read_order({name: value}, where="Pod shop/client")
    assert raised.value.mend
