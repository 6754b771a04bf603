"""Containers of a Pod: environment, words, volumes, probes, resources."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import indent

import pytest

from gonogo.errors import ManifestError
from gonogo.manifests.build import Reading
from gonogo.manifests.findings import Severity
from gonogo.manifests.topology import ConfigMapVolume, Container, EnvVar, Exec, HttpGet, Probe, TcpSocket, Workload

Built = Callable[[str], Reading]

STORES = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {MODE: svc, LEVEL: info}
binaryData: {logo: iVBORw0KGgo=}
---
apiVersion: v1
kind: Secret
metadata: {name: store}
data: {token: aHVudGVyMg==, key: /w==}
---
"""


def pod(fields: str, spec: str = "") -> str:
    """Return STORES and a Pod whose container has ``fields``, and whose specification has ``spec``."""
    return (
        f"{STORES}apiVersion: v1\nkind: Pod\nmetadata: {{name: iris, labels: {{app: a}}}}\nspec:\n"
        f"{indent(spec, '  ')}  containers:\n    - name: iris\n      image: iris:1.0\n{indent(fields, '      ')}"
    )


def container(built: Built, fields: str, spec: str = "") -> Container:
    """Return the container as read; the manifest may have no errors."""
    return workload(built, fields, spec).containers[0]


def workload(built: Built, fields: str, spec: str = "") -> Workload:
    """Return the Pod as read; the manifest may have no errors."""
    return built(pod(fields, spec)).require().workloads[0]


def faults(built: Built, fields: str, spec: str = "") -> list[tuple[str, str]]:
    """Return rule and field of every error and warning."""
    found = built(pod(fields, spec)).findings
    return [(f.rule, f.field.removeprefix("spec.containers[0].")) for f in found if f.severity != Severity.NOTICE]


ENV = "valueFrom: {configMapKeyRef: {name: settings, key: MODE}}"


def test_later_variables_win_and_see_earlier_ones(built: Built) -> None:
    """EnvFrom comes first, env in order after it; a reference sees only what stands before it."""
    env = container(
        built,
        """\
envFrom: [{configMapRef: {name: settings}}]
env:
  - {name: LEVEL, value: "debug-$(LEVEL)"}
  - {name: BOTH, value: "$(MODE)/$(LEVEL)/$(LATER)"}
  - {name: LATER, value: x}
""",
    ).env
    assert {variable.name: variable.value for variable in env} == {
        "MODE": "svc",
        "LEVEL": "debug-info",
        "BOTH": "svc/debug-info/$(LATER)",
        "LATER": "x",
    }


def test_a_reference_to_a_secret_makes_a_secret(built: Built) -> None:
    """What a Secret was put into is as secret as the Secret."""
    env = container(
        built,
        """\
env:
  - {name: TOKEN, valueFrom: {secretKeyRef: {name: store, key: token}}}
  - {name: HEADER, value: "Bearer $(TOKEN)"}
args: [--mode=x]
""",
    ).env
    assert env[1] == EnvVar("HEADER", "Bearer hunter2", secret=True)
    assert "hunter2" not in repr(env)


def test_a_secret_in_the_arguments_is_hidden_and_a_warning(built: Built) -> None:
    """The process gets it, reprs and findings do not, and the finding says who else can read it."""
    reading = built(
        pod("args: ['--token=$(T)']\nenv: [{name: T, valueFrom: {secretKeyRef: {name: store, key: token}}}]\n")
    )
    assert reading.require().workloads[0].containers[0].args == ("--token=hunter2",)
    assert [f.rule for f in reading.findings] == ["secret-in-arguments"]
    assert "hunter2" not in repr(reading)


def test_optional_references_leave_the_variable_out(built: Built) -> None:
    """A missing ConfigMap or key that is optional is no fault and sets nothing."""
    fields = """\
envFrom: [{secretRef: {name: nobody, optional: true}}]
env:
  - {name: A, valueFrom: {configMapKeyRef: {name: nobody, key: x, optional: true}}}
  - {name: B, valueFrom: {configMapKeyRef: {name: settings, key: x, optional: true}}}
"""
    assert container(built, fields).env == ()


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("configMapKeyRef: {name: setings, key: MODE}", ("reference-missing", "configMapKeyRef.name")),
        ("configMapKeyRef: {name: settings, key: MODUS}", ("reference-missing", "configMapKeyRef.key")),
        ("configMapKeyRef: {name: store, key: token}", ("reference-missing", "configMapKeyRef.name")),
        ("configMapKeyRef: {name: settings, key: logo}", ("value-not-text", "configMapKeyRef.key")),
        ("secretKeyRef: {name: store, key: key}", ("value-not-text", "secretKeyRef.key")),
        ("fieldRef: {fieldPath: status.phase}", ("field-value", "fieldRef.fieldPath")),
        ("resourceFieldRef: {resource: limits.cpu}", ("env-source", "resourceFieldRef.resource")),
        (
            "resourceFieldRef: {resource: limits.cpu, containerName: x}",
            ("field-value", "resourceFieldRef.containerName"),
        ),
        ("fileKeyRef: {volumeName: x, path: y, key: z}", ("env-source", "fileKeyRef")),
    ],
)
def test_a_reference_that_leads_nowhere_is_an_error(built: Built, source: str, fault: tuple[str, str]) -> None:
    """The finding is about the very field that is wrong."""
    rule, field = fault
    assert faults(built, f"env: [{{name: A, valueFrom: {{{source}}}}}]\n") == [(rule, f"env[0].valueFrom.{field}")]


def test_a_missing_reference_names_both_objects(built: Built) -> None:
    """The one that refers, the one that is not there, and those that are."""
    [finding] = built(pod("envFrom: [{configMapRef: {name: setings}}]\n")).findings
    assert finding.object == "Pod default/iris"
    assert "ConfigMap default/setings" in finding.consequence
    assert "declared: settings" in finding.mend


def test_a_reference_does_not_cross_namespaces(built: Built) -> None:
    """A ConfigMap of the same name elsewhere does not count, and the finding says where it is."""
    text = pod("envFrom: [{configMapRef: {name: settings}}]\n").replace(
        "name: settings}\ndata", "name: settings, namespace: other}\ndata"
    )
    [finding] = built(text).findings
    assert "ConfigMap other/settings is in another namespace" in finding.mend


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("fieldRef: {fieldPath: metadata.namespace}", "default"),
        ("fieldRef: {fieldPath: metadata.name}", "iris"),
        ("fieldRef: {fieldPath: \"metadata.labels['app']\"}", "a"),
        ("fieldRef: {fieldPath: \"metadata.annotations['none']\"}", ""),
        ("fieldRef: {fieldPath: spec.serviceAccountName}", "default"),
        ("resourceFieldRef: {resource: limits.cpu}", "2"),
        ("resourceFieldRef: {resource: limits.cpu, divisor: 1m}", "1500"),
        ("resourceFieldRef: {resource: requests.cpu, divisor: '0'}", "2"),
        ("resourceFieldRef: {resource: limits.memory}", "314572800"),
        ("resourceFieldRef: {resource: requests.memory, divisor: 1Gi}", "1"),
    ],
)
def test_fields_and_resources_are_filled_in(built: Built, source: str, value: str) -> None:
    """What the manifest knows is resolved: rounded up, and a request that is missing is the limit."""
    resources = "resources: {limits: {cpu: 1500m, memory: 300Mi}}\n"
    [variable] = container(built, f"{resources}env: [{{name: A, valueFrom: {{{source}}}}}]\n").env
    assert (variable.value, variable.field_path) == (value, None)


def test_what_only_the_platform_knows_is_left_to_it(built: Built) -> None:
    """The Pod's address is a field path, and no value."""
    [variable] = container(built, "env: [{name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]\n").env
    assert variable == EnvVar("IP", field_path="status.podIP")


def test_a_value_and_a_source_exclude_each_other(built: Built) -> None:
    """Kubernetes refuses both at once, and a source with two kinds."""
    assert faults(built, f"env: [{{name: A, value: x, {ENV}}}]\n") == [("env-source", "env[0].valueFrom")]


@pytest.mark.parametrize("kind", ["configMap: {name: settings", "secret: {secretName: store"])
def test_volumes_are_files(built: Built, kind: str) -> None:
    """Without items every key is a file."""
    [volume] = workload(built, "", f"volumes:\n  - {{name: v, {kind}}}}}\n").volumes
    assert isinstance(volume, ConfigMapVolume)
    assert sorted(volume.files) == (["LEVEL", "MODE", "logo"] if kind[0] == "c" else ["key", "token"])


def test_files_of_a_secret_are_hidden(built: Built) -> None:
    """They are read as they are, and their repr does not show them."""
    [volume] = workload(built, "", "volumes:\n  - {name: v, secret: {secretName: store}}\n").volumes
    assert isinstance(volume, ConfigMapVolume)
    assert volume.files["token"] == b"hunter2"
    assert "hunter2" not in repr(volume)


@pytest.mark.parametrize(
    ("volume", "rules"),
    [
        ("emptyDir: {}", []),
        ("emptyDir: {medium: Memory}", []),
        ("configMap: {name: nobody, optional: true}", []),
        ("configMap: {name: nobody}", ["reference-missing"]),
        ("configMap: {name: settings, items: [{key: x, path: x}]}", ["reference-missing"]),
        ("configMap: {name: settings, items: [{key: MODE, path: ../x}]}", ["mount-path"]),
        ("hostPath: {path: /x}", ["volume-unsupported"]),
        ("persistentVolumeClaim: {claimName: x}", ["volume-unsupported"]),
        ("projected: {sources: []}", ["volume-unsupported"]),
        ("downwardAPI: {items: []}", ["volume-unsupported"]),
        ("emptyDir: {}, configMap: {name: settings}", ["field-value"]),
    ],
)
def test_a_mounted_volume_must_be_one_that_can_be_made(built: Built, volume: str, rules: list[str]) -> None:
    """What gonogo cannot make is an error as soon as a container mounts it."""
    found = faults(built, "volumeMounts: [{name: v, mountPath: /v}]\n", f"volumes:\n  - {{name: v, {volume}}}\n")
    assert [rule for rule, _ in found] == rules


@pytest.mark.parametrize(
    "mount",
    [
        "mountPath: v",
        "mountPath: /a/../b",
        "mountPath: '/a:b'",
        "mountPath: /v, subPath: ../x",
        "mountPath: /v, subPathExpr: $(A)",
    ],
)
def test_a_path_that_cannot_be_mounted_is_an_error(built: Built, mount: str) -> None:
    """Relative paths, paths that leave the volume and expressions are refused."""
    found = faults(built, f"volumeMounts: [{{name: v, {mount}}}]\n", "volumes:\n  - {name: v, emptyDir: {}}\n")
    assert found == [("mount-path", "volumeMounts[0]")]


def test_two_mounts_at_one_path_are_an_error(built: Built) -> None:
    """The second one is named."""
    mounts = "volumeMounts: [{name: v, mountPath: /v}, {name: v, mountPath: /v}]\n"
    assert faults(built, mounts, "volumes:\n  - {name: v}\n") == [("mount-path", "volumeMounts[1]")]


@pytest.mark.parametrize(
    ("fields", "probe"),
    [
        ("httpGet: {port: 8000}", Probe(HttpGet("/", 8000))),
        ("httpGet: {port: http, path: /h, scheme: HTTPS}", Probe(HttpGet("/h", "http", "HTTPS"))),
        ("exec: {command: [cat, x]}, periodSeconds: 0", Probe(Exec(("cat", "x")))),
        (
            "exec: {command: [x]}, initialDelaySeconds: 3, timeoutSeconds: 4, successThreshold: 5, failureThreshold: 6",
            Probe(Exec(("x",)), 3.0, 10.0, 4.0, 5, 6),
        ),
        ("grpc: {port: 8500}", Probe(TcpSocket(8500))),
    ],
)
def test_probes_have_kubernetes_defaults(built: Built, fields: str, probe: Probe) -> None:
    """Seconds and thresholds, 0 meaning the default; a gRPC probe asks the port."""
    assert container(built, f"readinessProbe: {{{fields}}}\n").readiness == probe


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ("readinessProbe: {}", ("probe-handler", "readinessProbe")),
        ("readinessProbe: {tcpSocket: {port: 1}, exec: {command: [x]}}", ("probe-handler", "readinessProbe")),
        (
            "livenessProbe: {tcpSocket: {port: 1}, successThreshold: 2}",
            ("field-value", "livenessProbe.successThreshold"),
        ),
        (
            "resources: {requests: {memory: 2Gi}, limits: {memory: 1Gi}}",
            ("request-above-limit", "resources.requests.memory"),
        ),
        ("resources: {limits: {nvidia.com/gpu: 1}}", ("field-not-honoured", "resources.limits[nvidia.com/gpu]")),
        ("lifecycle: {preStop: {exec: {command: [x]}}}", ("field-not-honoured", "lifecycle")),
        ("ports: [{containerPort: 1, name: a}, {containerPort: 2, name: a}]", ("name-twice", "ports[1].name")),
    ],
)
def test_a_fault_in_a_container_names_its_field(built: Built, fields: str, fault: tuple[str, str]) -> None:
    """One fault is one finding, at its field."""
    assert faults(built, f"{fields}\n") == [fault]


@pytest.mark.parametrize(
    "fields", ["hostNetwork: false", "dnsPolicy: ClusterFirst", "nodeSelector: {}", "securityContext: {}"]
)
def test_a_field_at_its_default_says_nothing(built: Built, fields: str) -> None:
    """Only a value that would change something is worth a finding."""
    assert built(pod("", f"{fields}\n")).findings == ()


def test_an_init_container_has_no_probes(built: Built) -> None:
    """Kubernetes refuses them, and a sidecar is refused here."""
    spec = "initContainers:\n  - {name: load, image: l:1, readinessProbe: {tcpSocket: {port: 1}}}\n"
    assert faults(built, "", spec) == [("field-value", "spec.initContainers[0].readinessProbe")]


def test_all_errors_are_in_one_message(built: Built) -> None:
    """``require`` lists every error on a line of its own, each with its place."""
    reading = built(pod("args: [1]\nstdln: true\n"))
    with pytest.raises(ManifestError) as caught:
        reading.require()
    first, *listed = str(caught.value).splitlines()
    assert first == "the manifests have 2 errors:"
    assert [line.split(": ")[0].strip() for line in listed] == ["iris.yaml:19", "iris.yaml:20"]


def test_a_single_error_has_its_place_and_mend(built: Built) -> None:
    """One error is one line: where, what, mend."""
    with pytest.raises(ManifestError) as caught:
        built(pod("stdln: true\n")).require()
    assert caught.value.where == "iris.yaml:19"
    assert caught.value.mend == "did you mean stdin?"
