"""The tables of fields against Kubernetes' own, and what the fit says about fields."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.manifests import schema, schema_pod
from gonogo.manifests.check import check
from gonogo.manifests.findings import Finding, Severity
from gonogo.manifests.reader import read
from gonogo.manifests.shape import Entries, Listing, Shape, Struct
from gonogo.manifests.syntax import parse
from tests.manifests.mutation import changed, places

Checked = Callable[[str], tuple[Finding, ...]]

DATA = Path(__file__).parent / "data"


def struct(shape: Shape, *steps: str) -> Struct:
    """Return the Struct below ``shape`` at the fields ``steps``, lists and mappings passed through."""
    for step in steps:
        assert isinstance(shape, Struct)
        shape = shape.fields[step].shape
        if isinstance(shape, Listing):
            shape = shape.item
        if isinstance(shape, Entries):
            shape = shape.value
    assert isinstance(shape, Struct)
    return shape


CONTAINER, VOLUME = schema_pod.CONTAINER, schema_pod.VOLUME
TABLES = {
    "ConfigMap": schema.CONFIG_MAP,
    "ConfigMapVolumeSource": struct(VOLUME, "configMap"),
    "Container": CONTAINER,
    "ContainerPort": struct(CONTAINER, "ports"),
    "Deployment": schema.DEPLOYMENT,
    "DeploymentSpec": struct(schema.DEPLOYMENT, "spec"),
    "EmptyDirVolumeSource": struct(VOLUME, "emptyDir"),
    "EnvFromSource": struct(CONTAINER, "envFrom"),
    "EnvVar": struct(CONTAINER, "env"),
    "EnvVarSource": struct(CONTAINER, "env", "valueFrom"),
    "GRPCAction": struct(schema_pod.PROBE, "grpc"),
    "HTTPGetAction": struct(schema_pod.PROBE, "httpGet"),
    "KeyToPath": struct(VOLUME, "configMap", "items"),
    "LabelSelector": struct(schema.DEPLOYMENT, "spec", "selector"),
    "LabelSelectorRequirement": struct(schema.DEPLOYMENT, "spec", "selector", "matchExpressions"),
    "Namespace": schema.NAMESPACE,
    "ObjectMeta": struct(schema.POD, "metadata"),
    "Pod": schema.POD,
    "PodSpec": schema_pod.POD_SPEC,
    "PodTemplateSpec": struct(schema.DEPLOYMENT, "spec", "template"),
    "Probe": schema_pod.PROBE,
    "ResourceRequirements": struct(CONTAINER, "resources"),
    "Secret": schema.SECRET,
    "SecretVolumeSource": struct(VOLUME, "secret"),
    "Service": schema.SERVICE,
    "ServicePort": struct(schema.SERVICE, "spec", "ports"),
    "ServiceSpec": struct(schema.SERVICE, "spec"),
    "TCPSocketAction": struct(schema_pod.PROBE, "tcpSocket"),
    "Volume": VOLUME,
    "VolumeMount": struct(CONTAINER, "volumeMounts"),
}
KUBERNETES: dict[str, list[str]] = json.loads((DATA / "kubernetes_fields.json").read_text())["types"]


@pytest.mark.parametrize("name", sorted(KUBERNETES))
def test_the_table_has_exactly_the_fields_of_kubernetes(name: str) -> None:
    """No field that Kubernetes has is called unknown, and none that it lacks is let through."""
    assert sorted(TABLES[name].fields) == KUBERNETES[name]


@pytest.mark.parametrize(
    ("field", "finding"),
    [
        ("env: [{name: A, value: on}]", ("field-type", "`on` is a boolean to YAML", 'write "on" in quotes')),
        ("env: [{name: A, value: 0644}]", ("field-type", "`0644` is a number to YAML", 'write "0644" in quotes')),
        ("args: [1]", ("field-type", "`1` is a number", 'write "1" in quotes')),
        ('ports: [{containerPort: "80"}]', ("field-type", "holds text", "write 80 without quotes")),
        ("ports: {containerPort: 80}", ("field-type", "holds a mapping", "write a list")),
        ("ports: [{containerPort: 80, name: averylongportname}]", ("name-invalid", "longer than 15", "rename it")),
        ('readinessProbe: {tcpSocket: {port: "80"}}', ("field-type", "holds text", "write 80 without quotes")),
        ("stdln: true", ("field-unknown", "no such field", "did you mean stdin?")),
        ("readinessprobe: {}", ("field-unknown", "no such field", "did you mean readinessProbe?")),
        ("volumeMount: []", ("field-unknown", "no such field", "did you mean volumeMounts?")),
        ("replicas: 2", ("field-unknown", "no such field", "move it to the level")),
        ("env: [{value: x}]", ("field-missing", "refuses", "add name:")),
        ("resources: {limits: {memory: 1GB}}", ("quantity-invalid", "'1GB' is no quantity of memory", "300Mi")),
        ("resources: {limits: {cpu: [1]}}", ("field-type", "a list", "quantity")),
        ("restartPolicy: always", ("field-value", "'always' is not allowed", "did you mean Always?")),
    ],
)
def test_a_fault_of_form_says_what_to_write(checked: Checked, field: str, finding: tuple[str, str, str]) -> None:
    """Wrong types, unknown and missing fields and values out of range are errors with the mend."""
    found = checked(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: iris}\nspec:\n  containers:\n"
        f"    - name: iris\n      image: iris:1.0\n      {field}\n"
    )
    [error] = [f for f in found if f.severity is Severity.ERROR]
    rule, consequence, mend = finding
    assert error.rule == rule
    assert consequence in error.consequence
    assert mend in error.mend
    assert error.source.line == 8


def test_all_faults_are_reported_at_once(checked: Checked) -> None:
    """One run of the checker names every fault, in order of their lines."""
    found = checked(
        """\
        apiVersion: v1
        kind: Pod
        metadata:
          name: Iris
        spec:
          replica: 3
          containers:
            - name: iris
              env:
                - name: PORT
                  value: 8000
        """
    )
    errors = [(f.rule, f.source.line) for f in found if f.severity is Severity.ERROR]
    assert errors == [("name-invalid", 4), ("field-unknown", 6), ("field-missing", 8), ("field-type", 11)]


def test_null_is_a_field_that_is_not_there(checked: Checked) -> None:
    """A field without a value, as templates leave them, is no fault."""
    found = checked(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  labels:\n  annotations: ~\ndata:\n  empty:\n"
    )
    assert found == ()


def test_what_kubectl_prints_is_read_without_a_word(checked: Checked) -> None:
    """Fields that only a server writes say nothing about the release."""
    found = checked(
        """\
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: a
          namespace: default
          creationTimestamp: "2024-01-01T00:00:00Z"
          managedFields: [{manager: kubectl}]
          resourceVersion: "1"
          uid: 00000000-0000-0000-0000-000000000000
        """
    )
    assert found == ()


VALUES: st.SearchStrategy[object] = st.sampled_from(
    [None, "x", "", "8000", "$(A)", True, 0, -1, 1.5, 10**30, [], {}, [None], [{}], [[1]], ["x"], {"name": "x"}]
)
STACK = [document.body for document in read([DATA / "load_test"])]


@settings(max_examples=150)
@given(data=st.data())
def test_any_values_in_any_fields_are_findings_and_no_crash(data: st.DataObject) -> None:
    """Whatever stands wherever in a stack, there are findings and never an exception."""
    documents = list[object](STACK)
    for _ in range(data.draw(st.integers(1, 4))):
        i = data.draw(st.integers(0, len(documents) - 1))
        path = data.draw(st.sampled_from(list(places(documents[i]))))
        documents[i] = changed(documents[i], path, data.draw(VALUES))
    for finding in check(parse("\n---\n".join(map(json.dumps, documents)), "f")):
        assert finding.mend
