"""What the cluster's autoscalers did, and why they may do nothing. Pure: events in, changes out.

The horizontal autoscaler writes an event ``SuccessfulRescale`` for each change:
https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale-walkthrough/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from gonogo.manifests.topology import Autoscaler
from gonogo.platforms.cluster.pods import EventView, seconds
from gonogo.platforms.interface import Rescaled

__all__ = ["METRICS", "blind", "rescalings"]

METRICS: Final = "metrics.k8s.io/v1beta1"
"""The API by which an autoscaler learns what Pods use."""

_KIND: Final = "HorizontalPodAutoscaler"
_FORM: Final = re.compile(r"New size: ([0-9]+); reason: (.*)")


def blind(autoscalers: Sequence[Autoscaler], *, metrics: bool) -> str:
    """Return why autoscalers see no load, as a clause; empty when they do, and when there are none.

    Args:
        autoscalers: that are declared.
        metrics: whether the cluster has a metrics API.
    """
    if metrics or not autoscalers:
        return ""
    named = ", ".join(f"{each.namespace}/{each.name}" for each in autoscalers)
    return f"the cluster has no metrics API ({METRICS}), so the autoscalers {named} see no load"


def rescalings(
    autoscalers: Sequence[Autoscaler],
    events: Iterable[EventView],
    spaces: Mapping[str, str],
    replicas: Mapping[str, int],
) -> tuple[Rescaled, ...]:
    """Return what the autoscalers changed, in order.

    Args:
        autoscalers: that are declared.
        events: of the cluster.
        spaces: declared namespace to the one in the cluster.
        replicas: of each Deployment (``namespace/name``) at the start.
    """
    known = {(spaces[each.namespace], each.name): f"{each.namespace}/{each.workload}" for each in autoscalers}
    count = dict(replicas)
    found = []
    for event in sorted(events, key=lambda each: each.last):
        workload = known.get((event.namespace, event.about[1])) if event.about[0] == _KIND else None
        said = _FORM.fullmatch(event.message)
        if workload is None or said is None or event.reason != "SuccessfulRescale":
            continue
        after = int(said[1])
        found.append(Rescaled(seconds(event.last), workload, count.get(workload, 1), after, said[2]))
        count[workload] = after
    return tuple(found)
