"""Deployments with their selectors, and the Pod that describes the load generator."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.manifests.build import Reading
from gonogo.manifests.selector import Requirement, Selector

Built = Callable[[str], Reading]


def deployment(selector: str, labels: str = "{app: iris}", template: str = "") -> str:
    """Return a Deployment with ``selector`` and a template with ``labels``."""
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: iris}}\nspec:\n  selector: {selector}\n  template:\n"
        f"    metadata: {{labels: {labels}}}\n    spec:\n{template}"
        "      containers: [{name: iris, image: 'iris:1'}]\n"
    )


@pytest.mark.parametrize(
    ("selector", "rules"),
    [
        ("{matchLabels: {app: iris}}", []),
        ("{matchLabels: {app: other}}", ["selector-mismatch"]),
        ("{matchLabels: {app: iris, version: rf}}", ["selector-mismatch"]),
        ("{matchExpressions: [{key: app, operator: In, values: [iris, x]}]}", []),
        ("{matchExpressions: [{key: app, operator: NotIn, values: [iris]}]}", ["selector-mismatch"]),
        ("{matchExpressions: [{key: app, operator: Exists}]}", []),
        ("{matchExpressions: [{key: app, operator: DoesNotExist}]}", ["selector-mismatch"]),
        ("{matchExpressions: [{key: app, operator: Exists, values: [x]}]}", ["field-value"]),
        ("{matchExpressions: [{key: app, operator: In}]}", ["field-value"]),
        ("{matchExpressions: [{key: app, operator: Has}]}", ["field-value"]),
        ("{}", ["field-value"]),
        ("{app: iris}", ["field-value", "field-unknown"]),
    ],
)
def test_a_selector_must_select_its_own_template(built: Built, selector: str, rules: list[str]) -> None:
    """Labels and expressions are evaluated as Kubernetes does; what it refuses is an error."""
    assert [finding.rule for finding in built(deployment(selector)).findings] == rules


@given(
    st.dictionaries(st.sampled_from("abc"), st.sampled_from("xyz")),
    st.sampled_from("abcd"),
    st.lists(st.sampled_from("xyz"), min_size=1).map(tuple),
)
def test_opposite_operators_exclude_each_other(labels: dict[str, str], key: str, values: tuple[str, ...]) -> None:
    """In and NotIn, Exists and DoesNotExist: of each pair exactly one matches any labels."""
    for one, other in (("In", "NotIn"), ("Exists", "DoesNotExist")):
        matches = [Selector({}, (Requirement(key, operator, values),)).matches(labels) for operator in (one, other)]
        assert sorted(matches) == [False, True]


def test_the_pods_of_a_deployment_always_start_again(built: Built) -> None:
    """Kubernetes refuses any other restart policy in a Deployment."""
    text = deployment("{matchLabels: {app: iris}}", template="      restartPolicy: Never\n")
    assert [(f.rule, f.field) for f in built(text).findings] == [("field-value", "spec.template.spec.restartPolicy")]


def test_a_pod_is_a_workload_of_one(built: Built) -> None:
    """A bare Pod has one replica, its own labels and its own restart policy."""
    text = """\
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: other, labels: {a: b}}
spec: {restartPolicy: Never, containers: [{name: c, image: 'i:1'}]}
"""
    [workload] = built(text).require().workloads
    assert (str(workload), workload.replicas, workload.restart_policy) == ("Pod other/p", 1, "Never")
    assert workload.labels == {"a": "b"}


GENERATOR = """\
apiVersion: v1
kind: ConfigMap
metadata: {{name: client}}
data: {{get: GET, post: POST, body.json: "[1]"}}
---
apiVersion: v1
kind: Pod
metadata:
  name: client
  annotations: {{gonogo.dev/role: generator}}
spec:
  containers:
    - name: client
      image: client
      resources: {resources}
      volumeMounts: [{{name: load, {mount}}}]
  volumes: [{{name: load, configMap: {{name: client, {items}}}}}]
"""


@pytest.mark.parametrize(
    ("mount", "items", "files"),
    [
        ("mountPath: /load", "", {"/load/get": b"GET", "/load/post": b"POST", "/load/body.json": b"[1]"}),
        ("mountPath: /load/", "items: [{key: get, path: t/get}]", {"/load/t/get": b"GET"}),
        (
            "mountPath: /load, subPath: t",
            "items: [{key: get, path: t/get}, {key: post, path: post}]",
            {"/load/get": b"GET"},
        ),
        ("mountPath: /targets, subPath: get", "", {"/targets": b"GET"}),
    ],
)
def test_files_of_the_generator_are_at_their_paths(
    built: Built, mount: str, items: str, files: dict[str, bytes]
) -> None:
    """Mount path, sub path and items make the absolute path that ``@`` in a target file names."""
    [generator] = built(GENERATOR.format(resources="{}", mount=mount, items=items)).require().generators
    assert generator.files == files


@pytest.mark.parametrize(
    ("resources", "cpu", "memory"),
    [
        ("{}", None, None),
        ("{requests: {cpu: 1, memory: 1000Mi}}", 1.0, 1000 * 1024**2),
        ("{requests: {cpu: 1}, limits: {cpu: 2}}", 2.0, None),
    ],
)
def test_the_limit_of_the_generator_comes_before_its_request(
    built: Built, resources: str, cpu: float | None, memory: int | None
) -> None:
    """The limit counts, else the request, else nothing is said."""
    [generator] = built(GENERATOR.format(resources=resources, mount="mountPath: /l", items="")).require().generators
    assert (generator.cpu, generator.memory) == (cpu, memory)


def test_a_generator_is_no_workload(built: Built) -> None:
    """It does not run as a part of the stack, and its untagged image is nobody's concern."""
    reading = built(GENERATOR.format(resources="{}", mount="mountPath: /l", items=""))
    assert reading.topology.workloads == ()
    assert reading.findings == ()


def test_a_role_on_a_deployment_is_an_error(built: Built) -> None:
    """Only a Pod describes the generator; a Deployment with the role would be run as a service."""
    text = deployment("{matchLabels: {app: iris}}", "{app: iris}, annotations: {gonogo.dev/role: generator}")
    assert [f.rule for f in built(text).findings] == ["generator-role"]
