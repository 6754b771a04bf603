"""What a cluster's autoscalers did, read from its events."""

from __future__ import annotations

from gonogo.manifests.findings import Source
from gonogo.manifests.topology import Autoscaler, Scaling
from gonogo.platforms.cluster.pods import EventView
from gonogo.platforms.cluster.scaling import blind, rescalings

FREE = Scaling(0.0, ())
WEB = Autoscaler("shop", "web-hpa", "web", Source("web.yaml", 1), 1, 5, 0.7, FREE, FREE)


def _event(message: str, at: str, reason: str = "SuccessfulRescale", name: str = "web-hpa") -> EventView:
    about = ("HorizontalPodAutoscaler", name)
    return EventView(f"{message}{at}", about, "shop-1", warning=False, reason=reason, message=message, count=1, last=at)


def test_each_change_follows_the_one_before() -> None:
    """In the order of their times, from what is declared on; other events and other autoscalers are left out."""
    events = [
        _event("New size: 2; reason: All metrics below target", "2026-01-01T00:02:00Z"),
        _event("New size: 4; reason: cpu resource utilization above target", "2026-01-01T00:01:00Z"),
        _event("failed to get cpu utilization", "2026-01-01T00:00:30Z", reason="FailedGetResourceMetric"),
        _event("New size: 9; reason: x", "2026-01-01T00:00:40Z", name="other"),
    ]
    found = rescalings([WEB], events, {"shop": "shop-1"}, {"shop/web": 1})
    assert [(each.workload, each.before, each.after) for each in found] == [("shop/web", 1, 4), ("shop/web", 4, 2)]
    assert found[0].reason == "cpu resource utilization above target"


def test_without_a_metrics_api_the_autoscalers_are_named() -> None:
    """Where there is one, or no autoscaler, there is nothing to say."""
    assert "shop/web-hpa see no load" in blind([WEB], metrics=False)
    assert blind([WEB], metrics=True) == blind([], metrics=False) == ""
