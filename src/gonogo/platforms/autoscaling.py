"""The decision of a HorizontalPodAutoscaler: how many replicas, from measured CPU. Pure; the caller has the clock.

The algorithm is that of Kubernetes, as documented under
https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details: the ratio of usage to
target, a tolerance around it, caution about Pods that are not ready or not measured, then stabilization and the
policies of each direction.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from gonogo.manifests.topology import Autoscaler, Scaling

__all__ = ["Decision", "PodUsage", "Scaler"]


@dataclass(frozen=True, slots=True)
class PodUsage:
    """One Pod as measured.

    Attributes:
        cpu: cores in use; None when it was not measured.
        request: cores that it requests.
        ready: whether it is; a Pod that is not counts nothing towards scaling up.
    """

    cpu: float | None
    request: float
    ready: bool = True


@dataclass(frozen=True, slots=True)
class Decision:
    """How many replicas there shall be.

    Attributes:
        replicas: the number.
        utilization: of the measured, ready Pods: cores in use over cores requested; NaN when none was measured.
        reason: why it is this number.
    """

    replicas: int
    utilization: float
    reason: str


@dataclass
class Scaler:
    """One autoscaler with its memory: what it recommended, and how it scaled."""

    autoscaler: Autoscaler
    _recommended: list[tuple[float, int]] = field(default_factory=list)
    _scaled: list[tuple[float, int]] = field(default_factory=list)

    def decide(self, now_s: float, replicas: int, pods: Sequence[PodUsage]) -> Decision:
        """Return how many replicas there shall be.

        Args:
            now_s: a clock that only goes on.
            replicas: how many there shall be by the last decision.
            pods: those that exist.
        """
        wanted, utilization, reason = self._by_usage(replicas, pods)
        self._recommended.append((now_s, wanted))
        stable = self._stabilized(now_s, replicas)
        if stable != wanted:
            wanted, reason = stable, f"{reason}; stabilized at {stable}"
        allowed = self._limited(now_s, replicas, wanted)
        if allowed != wanted:
            wanted, reason = allowed, f"{reason}; the policies allow {allowed} now"
        bounded = min(max(wanted, self.autoscaler.least), self.autoscaler.most)
        if bounded != wanted:
            reason = f"{reason}; {'minReplicas' if bounded > wanted else 'maxReplicas'} is {bounded}"
        if bounded != replicas:
            self._scaled.append((now_s, bounded - replicas))
        return Decision(bounded, utilization, reason)

    def _by_usage(self, replicas: int, pods: Sequence[PodUsage]) -> tuple[int, float, str]:
        measured = [pod for pod in pods if pod.ready and pod.cpu is not None]
        if not measured:
            return replicas, math.nan, "no Pod was measured"
        used = sum(pod.cpu or 0.0 for pod in measured)
        utilization = used / sum(pod.request for pod in measured)
        ratio = utilization / self.autoscaler.cpu
        said = f"{utilization:.0%} of the requested CPU in use, {self.autoscaler.cpu:.0%} is the target"
        unready = [pod for pod in pods if not pod.ready]
        unknown = [pod for pod in pods if pod.ready and pod.cpu is None]
        if not unknown and not (unready and ratio > 1):
            if self._tolerated(ratio):
                return replicas, utilization, said
            return math.ceil(ratio * len(measured) - 1e-9), utilization, said
        # Pods that are not measured count as if they damped the change: at the target when it would be fewer, as
        # idle when it would be more; those that are not ready as idle.
        assumed = [pod.request for pod in unknown] if ratio < 1 else [0.0] * len(unknown)
        idle = unready if ratio > 1 else []
        everyone = [*measured, *unknown, *idle]
        damped = (used + sum(assumed)) / sum(pod.request for pod in everyone) / self.autoscaler.cpu
        if self._tolerated(damped) or (ratio > 1) != (damped > 1):
            return replicas, utilization, f"{said}; with Pods that are not ready or not measured it stays"
        count = math.ceil(damped * len(everyone) - 1e-9)
        # Such Pods may damp a change but not turn it round.
        turned = count < replicas if ratio > 1 else count > replicas
        return replicas if turned else count, utilization, said

    def _tolerated(self, ratio: float) -> bool:
        direction = self.autoscaler.up if ratio > 1 else self.autoscaler.down
        return abs(ratio - 1) <= direction.tolerance

    def _stabilized(self, now_s: float, replicas: int) -> int:
        """Return the most cautious recommendation of each direction's window."""
        up, down = self.autoscaler.up.window_s, self.autoscaler.down.window_s
        self._recommended = [entry for entry in self._recommended if entry[0] >= now_s - max(up, down)]
        lowest = min(count for at_s, count in self._recommended if at_s >= now_s - up)
        highest = max(count for at_s, count in self._recommended if at_s >= now_s - down)
        return min(max(replicas, lowest), highest)

    def _limited(self, now_s: float, replicas: int, wanted: int) -> int:
        if wanted > replicas:
            return min(wanted, self._bound(self.autoscaler.up, now_s, replicas, upwards=True))
        if wanted < replicas:
            return max(wanted, self._bound(self.autoscaler.down, now_s, replicas, upwards=False))
        return wanted

    def _bound(self, scaling: Scaling, now_s: float, replicas: int, *, upwards: bool) -> int:
        """Return how far the policies let it go, counted from what there was at the beginning of each one's period."""
        if scaling.select == "Disabled":
            return replicas
        bounds = []
        for policy in scaling.policies:
            began = replicas - sum(by for at_s, by in self._scaled if at_s > now_s - policy.period_s)
            if policy.kind == "Pods":
                bounds.append(began + (policy.value if upwards else -policy.value))
            elif upwards:
                bounds.append(math.ceil(began * (1 + policy.value / 100) - 1e-9))
            else:
                bounds.append(math.floor(began * (1 - policy.value / 100) + 1e-9))
        widest = (max if upwards else min)(bounds)
        narrowest = (min if upwards else max)(bounds)
        return widest if scaling.select == "Max" else narrowest
