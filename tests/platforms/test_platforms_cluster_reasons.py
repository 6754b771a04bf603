"""Why a replica is not ready, whose fault it is, and whether waiting helps."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gonogo.manifests.secret import SecretText
from gonogo.manifests.topology import Exec, HttpGet, Port, Probe
from gonogo.platforms.cluster.pods import ContainerView, EventView, PodView, read_event, read_pod
from gonogo.platforms.cluster.reasons import Reason, why_not_ready
from tests.contracts.topologies import container, deployment
from tests.platforms.cluster_pods import event, pod, view

WEB = deployment("web", container(ports=(Port(8000, "http"),), readiness=Probe(HttpGet("/health", "http"))))


def _why(found: PodView | None, events: Sequence[EventView] = (), refusal: str = "") -> Reason:
    reason = why_not_ready(found, WEB, events, refusal)
    assert reason is not None
    return reason


def _of(one: ContainerView, *events: EventView) -> Reason:
    return _why(pod(ready=False, phase="Pending", containers=(one,)), events)


def test_a_ready_pod_has_no_reason() -> None:
    """Nothing is looked for where nothing is wrong."""
    assert why_not_ready(pod(), WEB, ()) is None


def test_the_scheduler_is_quoted() -> None:
    """No node has room: the cluster's fault, and room may come."""
    reason = _why(pod(ready=False, node="", unscheduled="0/1 nodes are available: 1 Insufficient cpu."))
    assert reason == Reason("it cannot be scheduled: 0/1 nodes are available: 1 Insufficient cpu.", service=False)


def test_an_image_that_does_not_come_is_named_with_the_registrys_words() -> None:
    """The event says more than the state; backing off means that waiting is in vain."""
    said = event("Failed", 'Failed to pull image "echo:1": not found')
    reason = _of(view(waiting="ImagePullBackOff", said="Back-off pulling image"), said)
    assert reason.text == 'container main: no image echo:1: Failed to pull image "echo:1": not found'
    assert (reason.service, reason.hopeless) == (False, True)


@pytest.mark.parametrize(
    ("restarts", "hopeless", "often"), [(0, False, "once"), (1, False, "2 times"), (2, True, "3 times")]
)
def test_a_container_that_ends_again_and_again(restarts: int, hopeless: bool, often: str) -> None:  # noqa: FBT001 - a row of the table
    """Its own fault; after three ends nobody waits for a fourth."""
    reason = _of(view(waiting="CrashLoopBackOff", ended="with exit status 3", restarts=restarts))
    assert reason == Reason(
        f"container main ended {often}, last with exit status 3", hopeless=hopeless, container="main"
    )


def test_a_probe_that_fails_is_told_with_what_it_asks() -> None:
    """The manifest's own request, and what came of it."""
    said = event("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 404")
    reason = _of(view(running=True), said)
    assert (
        reason.text
        == "container main: readiness probe (GET :http/health) fails: HTTP probe failed with statuscode: 404"
    )
    assert reason.service


def test_a_secret_in_a_probes_command_is_starred() -> None:
    """The command is shown without it."""
    probe = Probe(Exec(("login", SecretText("hunter2"))))
    workload = deployment("web", container(readiness=probe))
    reason = why_not_ready(pod(ready=False, containers=(view(running=True),)), workload, ())
    assert reason is not None
    assert "login ***" in reason.text
    assert "hunter2" not in reason.text


def test_an_init_container_comes_before_those_that_wait_for_it() -> None:
    """The others are only waiting."""
    first, second = view(name="load", init=True, ended="with exit status 1"), view(waiting="PodInitializing")
    reason = _why(pod(ready=False, containers=(first, second)))
    assert reason.text == "init container load ended once, last with exit status 1"


def test_a_volume_that_cannot_be_mounted_is_the_clusters_fault() -> None:
    """The kubelet's event is the reason."""
    reason = _of(view(waiting="ContainerCreating"), event("FailedMount", "configmap not found"))
    assert reason == Reason("configmap not found", service=False)


def test_a_deployment_that_may_make_no_pods() -> None:
    """A quota or a policy: no waiting helps."""
    reason = _why(None, refusal="exceeded quota")
    assert reason == Reason("no Pod is made: exceeded quota", service=False, hopeless=True)


def test_an_evicted_pod_says_so() -> None:
    """The node's reason, and not the service's fault."""
    reason = _why(pod(ready=False, phase="Failed", why="Evicted: The node was low on resource: memory."))
    assert reason == Reason("the Pod failed: Evicted: The node was low on resource: memory.", service=False)


def test_a_pod_is_read_as_the_api_tells_it() -> None:
    """Owner by ReplicaSet and hash, states, conditions."""
    body = {
        "metadata": {
            "uid": "u",
            "name": "web-5c-x",
            "namespace": "shop-1",
            "labels": {"pod-template-hash": "5c"},
            "ownerReferences": [{"kind": "ReplicaSet", "name": "web-5c", "controller": True}],
            "creationTimestamp": "2026-01-01T00:00:00Z",
        },
        "spec": {"nodeName": "n1"},
        "status": {
            "phase": "Running",
            "podIP": "10.0.0.1",
            "conditions": [{"type": "Ready", "status": "False"}],
            "containerStatuses": [
                {
                    "name": "main",
                    "image": "echo:1",
                    "ready": False,
                    "restartCount": 1,
                    "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}},
                    "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}},
                }
            ],
        },
    }
    read = read_pod(body)
    assert read.owner == ("Deployment", "web")
    assert (read.address, read.ready, read.restarts) == ("10.0.0.1", False, 1)
    [main] = read.containers
    assert (main.waiting, main.ended) == ("CrashLoopBackOff", "by signal 9 (OOMKilled)")


def test_an_event_is_read_with_how_often_and_when() -> None:
    """A series counts more than the event's own fields."""
    body = {
        "metadata": {"uid": "e", "namespace": "shop-1"},
        "involvedObject": {"kind": "Pod", "name": "web-u1"},
        "type": "Warning",
        "reason": "Unhealthy",
        "message": "Readiness probe\n failed",
        "series": {"count": 3, "lastObservedTime": "2026-01-01T00:00:09Z"},
    }
    read = read_event(body)
    assert (read.message, read.count, read.last) == ("Readiness probe failed", 3, "2026-01-01T00:00:09Z")
