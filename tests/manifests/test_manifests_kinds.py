"""Which objects are read, which are passed over, and what is said about API versions."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gonogo.manifests.build import Reading
from gonogo.manifests.findings import Finding, Severity

Checked = Callable[[str], tuple[Finding, ...]]
Built = Callable[[str], Reading]


@pytest.mark.parametrize(
    ("api_version", "kind", "rule", "mend"),
    [
        ("v1", "ServiceAccount", "kind-harmless", "nothing to do"),
        ("rbac.authorization.k8s.io/v1", "RoleBinding", "kind-harmless", "nothing to do"),
        ("networking.k8s.io/v1", "NetworkPolicy", "kind-harmless", "nothing to do"),
        ("policy/v1", "PodDisruptionBudget", "kind-harmless", "nothing to do"),
        ("networking.istio.io/v1", "ServiceEntry", "traffic-policy-unread", "without this rule"),
        ("networking.istio.io/v2", "DestinationRule", "api-version-unknown", "write networking.istio.io/v1"),
        ("gateway.networking.k8s.io/v1alpha2", "HTTPRoute", "api-version-unknown", "networking.k8s.io/v1"),
        ("security.istio.io/v1", "PeerAuthentication", "traffic-policy-unread", "without this rule"),
        ("apps/v1", "DaemonSet", "kind-not-run", "a Deployment"),
        ("serving.kserve.io/v1beta1", "InferenceService", "kind-not-run", "a Deployment"),
        ("example.com/v1", "Deployment", "kind-unread", "leave it out"),
        ("discovery.k8s.io/v1", "EndpointSlice", "kind-unread", "leave it out"),
        ("kustomize.config.k8s.io/v1beta1", "Kustomization", "kind-unread", "kubectl kustomize"),
        ("v1", "Servcie", "kind-unknown", "Service?"),
        ("v1", "deployment", "kind-unknown", "Deployment?"),
        ("apps/v1", "Service", "api-version-unknown", "write v1"),
        ("v1", "Deployment", "api-version-unknown", "write apps/v1"),
        ("apps/v2", "Deployment", "api-version-unknown", "write apps/v1"),
        ("autoscaling/v3", "HorizontalPodAutoscaler", "api-version-unknown", "write autoscaling/v2"),
        ("batch/v2alpha1", "CronJob", "api-version-gone", "write batch/v1"),
        ("policy/v1beta1", "PodDisruptionBudget", "api-version-gone", "write policy/v1"),
        ("extensions/v1beta1", "Ingress", "api-version-gone", "write networking.k8s.io/v1"),
        ("extensions/v1beta1", "DaemonSet", "api-version-gone", "write apps/v1"),
        ("apps/v1beta2", "StatefulSet", "api-version-gone", "write apps/v1"),
    ],
)
def test_what_is_not_read_says_what_follows(
    checked: Checked, api_version: str, kind: str, rule: str, mend: str
) -> None:
    """Every object that is not read is one finding with its consequence and a way on."""
    [finding] = checked(f"apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: iris}}\nspec: {{any: thing}}\n")
    assert finding.rule == rule
    assert mend in finding.mend


@pytest.mark.parametrize(
    ("api_version", "kind", "release"),
    [
        ("autoscaling/v2beta1", "HorizontalPodAutoscaler", "1.25"),
        ("batch/v2alpha1", "CronJob", "1.21"),
        ("extensions/v1beta1", "Ingress", "1.22"),
        ("apps/v1beta1", "StatefulSet", "1.16"),
    ],
)
def test_a_gone_version_names_the_release(checked: Checked, api_version: str, kind: str, release: str) -> None:
    """The finding says since when clusters refuse the object."""
    [finding] = checked(f"apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: iris}}\n")
    assert f"gone since Kubernetes {release}" in finding.consequence


@pytest.mark.parametrize("version", ["v1alpha3", "v1beta1"])
def test_old_istio_versions_are_still_served(checked: Checked, version: str) -> None:
    """They get a notice beside the one that the rule does not act."""
    found = checked(f"apiVersion: networking.istio.io/{version}\nkind: ServiceEntry\nmetadata: {{name: iris}}\n")
    assert [(f.rule, f.severity) for f in found] == [
        ("api-version-old", Severity.NOTICE),
        ("traffic-policy-unread", Severity.NOTICE),
    ]


OLD = """\
apiVersion: {api_version}
kind: Deployment
metadata:
  name: iris
spec:
  {selector}
  template:
    metadata:
      labels: {{app: iris}}
    spec:
      containers:
        - name: iris
          image: iris:1.0
"""


@pytest.mark.parametrize("api_version", ["extensions/v1beta1", "apps/v1beta1", "apps/v1beta2"])
def test_an_old_deployment_is_converted(built: Built, api_version: str) -> None:
    """It is read like apps/v1, with a notice that clusters refuse it."""
    reading = built(OLD.format(api_version=api_version, selector="selector: {matchLabels: {app: iris}}"))
    assert [f.rule for f in reading.findings] == ["api-version-converted"]
    assert reading.require().workloads[0].name == "iris"


@pytest.mark.parametrize("api_version", ["extensions/v1beta1", "apps/v1beta1"])
def test_the_oldest_deployments_select_their_template(built: Built, api_version: str) -> None:
    """Without a selector these versions took the template's labels, so it is no fault there."""
    assert built(OLD.format(api_version=api_version, selector="replicas: 2")).require().workloads[0].replicas == 2


def test_a_deployment_of_today_needs_its_selector(built: Built) -> None:
    """Since apps/v1beta2 nothing stands in for a missing selector."""
    findings = built(OLD.format(api_version="apps/v1beta2", selector="replicas: 2")).findings
    assert ("field-missing", "spec.selector") in [(f.rule, f.field) for f in findings]


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("replicaCount: 3\nimage: iris\n", ["field-missing", "field-missing"]),
        ("apiVersion: v2\nname: chart\n", ["field-missing"]),
        ("apiVersion: 1\nkind: Pod\n", ["field-type"]),
    ],
)
def test_what_is_no_object_says_so(checked: Checked, text: str, rules: list[str]) -> None:
    """Values of a chart and the like are told that they are no Kubernetes object."""
    assert [f.rule for f in checked(text)] == rules
