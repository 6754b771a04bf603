"""Checks across objects: when they speak and when they are silent. docs/findings.md has an example of each."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gonogo.manifests.findings import Finding

Checked = Callable[[str], tuple[Finding, ...]]

READY = "readinessProbe: {httpGet: {path: /health, port: 8000}}"
FIT = "resources: {limits: {cpu: 1, memory: 300Mi}}"


def stack(
    *,
    ports: str = "[{port: 8000}]",
    selector: str = "{app: iris}",
    container: str = f"ports: [{{containerPort: 8000, name: http}}], {READY}, {FIT}",
    replicas: int = 1,
    image: str = "iris:1.0",
    more: str = "",
) -> str:
    """Return a Service and the Deployment behind it."""
    return f"""\
apiVersion: v1
kind: Service
metadata: {{name: iris}}
spec:
  ports: {ports}
  selector: {selector}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: iris}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: iris}}}}
  template:
    metadata: {{labels: {{app: iris, version: svc}}}}
    spec:
      containers:
        - {{name: iris, image: {image}, {container}}}
{more}"""


def rules(found: tuple[Finding, ...]) -> list[str]:
    """Return the rules of the findings."""
    return [finding.rule for finding in found]


def test_a_sound_stack_has_no_findings(checked: Checked) -> None:
    """Nothing is said where nothing is wrong."""
    assert checked(stack()) == ()


@pytest.mark.parametrize(
    ("image", "found"),
    [
        ("iris:1.0", []),
        ("iris", ["image-latest"]),
        ("iris:latest", ["image-latest"]),
        ("'registry:5000/iris'", ["image-latest"]),
        ("'registry:5000/iris:1'", []),
        ("iris@sha256:0123", []),
        ("iris:latest@sha256:0123", []),
    ],
)
def test_an_image_must_name_its_version(checked: Checked, image: str, found: list[str]) -> None:
    """A tag other than latest or a digest does; the port of a registry does not."""
    assert rules(checked(stack(image=image))) == found


@pytest.mark.parametrize(
    ("selector", "replicas", "found"),
    [
        ("{app: iris}", 1, []),
        ("{app: iris, version: svc}", 1, []),
        ("{app: iris, version: rf}", 1, ["service-without-endpoints"]),
        ("{}", 1, ["service-without-endpoints"]),
        ("{app: iris}", 0, ["service-without-endpoints"]),
    ],
)
def test_a_service_needs_a_running_pod(checked: Checked, selector: str, replicas: int, found: list[str]) -> None:
    """All labels of the selector must be on Pods that have replicas."""
    assert rules(checked(stack(selector=selector, replicas=replicas))) == found


def test_a_service_in_another_namespace_has_no_endpoints(checked: Checked) -> None:
    """Selectors stay in their namespace."""
    text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: other}\n---\n" + stack().replace(
        "{name: iris}", "{name: iris, namespace: other}", 1
    )
    assert rules(checked(text)) == ["service-without-endpoints"]


@pytest.mark.parametrize(
    ("ports", "found"),
    [
        ("[{port: 80, targetPort: 8000}]", []),
        ("[{port: 80, targetPort: http}]", []),
        ("[{port: 80, targetPort: rest}]", ["target-port-unknown"]),
        ("[{port: 80}]", ["target-port-undeclared"]),
        ("[{port: 8000, name: a}, {port: 80, targetPort: 8000, name: b}]", []),
        ("[{port: 8000, name: a}, {port: 8000, protocol: UDP, name: b}]", ["field-not-honoured"]),
        ("[{port: 8000, name: a}, {port: 8000, name: b}]", ["service-port-twice"]),
        ("[{port: 8000, name: a}, {port: 80, targetPort: 8000, name: a}]", ["service-port-twice"]),
        ("[{port: 8000, name: a}, {port: 80, targetPort: 8000}]", ["field-missing"]),
        ("[]", ["field-missing"]),
    ],
)
def test_the_ports_of_a_service_lead_somewhere_once(checked: Checked, ports: str, found: list[str]) -> None:
    """Targets are ports that a container declares; ports and their names are distinct."""
    assert rules(checked(stack(ports=ports))) == found


def test_only_the_container_that_serves_needs_readiness(checked: Checked) -> None:
    """A helper beside it that has no port of the Service is left alone."""
    helper = f"        - {{name: helper, image: 'helper:1', {FIT}}}\n"
    assert checked(stack(more=helper)) == ()


def test_a_pod_that_no_service_leads_to_needs_no_readiness(checked: Checked) -> None:
    """Without a Service there is no traffic to hold back."""
    deployment = stack(container=f"ports: [{{containerPort: 8000}}], {FIT}").partition("---\n")[2]
    assert checked(deployment) == ()


@pytest.mark.parametrize(
    ("probe", "found"),
    [
        ("{httpGet: {port: http}}", []),
        ("{httpGet: {port: rest}}", ["probe-port-unknown"]),
        ("{tcpSocket: {port: 9}}", ["probe-port-undeclared"]),
        ("{exec: {command: [x]}}", []),
    ],
)
def test_a_probe_asks_a_port_of_its_container(checked: Checked, probe: str, found: list[str]) -> None:
    """A name must be declared; a number should be."""
    container = f"ports: [{{containerPort: 8000, name: http}}], readinessProbe: {probe}, {FIT}"
    assert rules(checked(stack(container=container))) == found


@pytest.mark.parametrize(
    ("liveness", "found"),
    [
        ("{httpGet: {path: /health, port: 8000}}", ["liveness-like-readiness"]),
        ("{httpGet: {path: /health, port: 8000}, failureThreshold: 4}", []),
        ("{httpGet: {path: /alive, port: 8000}}", []),
    ],
)
def test_liveness_should_be_more_patient_than_readiness(checked: Checked, liveness: str, found: list[str]) -> None:
    """The same question with the same patience kills where it should only turn away."""
    container = f"ports: [{{containerPort: 8000}}], {READY}, {FIT}, livenessProbe: {liveness}"
    assert rules(checked(stack(container=container))) == found


@pytest.mark.parametrize(
    ("resources", "found"),
    [
        ("{requests: {cpu: 1, memory: 1Gi}}", []),
        ("{limits: {cpu: 1}}", ["resources-missing"]),
        ("{}", ["resources-missing"]),
    ],
)
def test_cpu_and_memory_should_be_declared(checked: Checked, resources: str, found: list[str]) -> None:
    """A request or a limit of each will do."""
    container = f"ports: [{{containerPort: 8000}}], {READY}, resources: {resources}"
    assert rules(checked(stack(container=container))) == found


def second(namespace: str, labels: str, selector: str = "{app: iris}") -> str:
    """Return one more Deployment."""
    return f"""\
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: iris-rf, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {selector}}}
  template:
    metadata: {{labels: {labels}}}
    spec:
      containers:
        - {{name: iris, image: iris:1.0, ports: [{{containerPort: 8000}}], {READY}, {FIT}}}
"""


@pytest.mark.parametrize(
    ("namespace", "labels", "selector", "fields"),
    [
        (
            "default",
            "{app: iris, version: rf}",
            "{app: iris}",
            ["Deployment default/iris", "Deployment default/iris-rf"],
        ),
        ("default", "{app: iris, version: rf}", "{version: rf}", ["Deployment default/iris"]),
        ("default", "{app: iris-rf}", "{app: iris-rf}", []),
        ("kube-system", "{app: iris}", "{app: iris}", []),
    ],
)
def test_deployments_must_not_select_each_others_pods(
    checked: Checked, namespace: str, labels: str, selector: str, fields: list[str]
) -> None:
    """Each Deployment that selects Pods of another one is named; namespaces keep them apart."""
    found = checked(stack(more=second(namespace, labels, selector)))
    assert [finding.object for finding in found if finding.rule == "selector-overlap"] == fields


def test_an_object_declared_twice_names_the_first(checked: Checked) -> None:
    """Kind, group, namespace and name make an object; the finding stands at the second one."""
    found = checked(stack() + "---\n" + stack().partition("---\n")[0])
    assert [(f.rule, f.source.line) for f in found if f.rule == "object-twice"] == [("object-twice", 22)]


def test_an_undeclared_namespace_is_one_warning(checked: Checked) -> None:
    """Every object in it would fail for the same reason, so it is said once."""
    text = stack().replace("{name: iris}", "{name: iris, namespace: other}")
    assert rules(checked(text)) == ["namespace-undeclared"]


def test_findings_are_in_order_of_file_and_line(checked: Checked) -> None:
    """A reader goes through a file from top to bottom."""
    found = checked(stack(image="iris", ports="[{port: 80}]", container="stdln: x", more=second("other", "{app: x}")))
    assert len(found) > 4
    assert [f.source.line for f in found] == sorted(f.source.line for f in found)
