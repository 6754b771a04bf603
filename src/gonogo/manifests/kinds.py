"""What gonogo does with each kind: reads it, passes it over with a notice, or says that something is missing.

Sources: https://kubernetes.io/docs/reference/using-api/deprecation-guide/ and the API reference; for Istio
https://istio.io/latest/docs/reference/config/ and its release notes (1.22: v1 of the traffic APIs).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gonogo.manifests import schema, schema_autoscaler, schema_job, schema_route, schema_traffic
from gonogo.manifests.findings import Severity
from gonogo.manifests.fit import closest
from gonogo.manifests.rule import Rule
from gonogo.manifests.shape import Struct

__all__ = ["RULES", "Remark", "Standing", "routed", "standing", "unread"]

KIND_HARMLESS: Final = Rule("kind-harmless", Severity.NOTICE, "an object has no effect on this stack")
TRAFFIC_POLICY_UNREAD: Final = Rule(
    "traffic-policy-unread", Severity.NOTICE, "a traffic rule does not act on this stack"
)
KIND_UNREAD: Final = Rule("kind-unread", Severity.WARNING, "gonogo does not know what an object does")
KIND_NOT_RUN: Final = Rule("kind-not-run", Severity.ERROR, "an object would run Pods that gonogo does not run")
KIND_UNKNOWN: Final = Rule("kind-unknown", Severity.ERROR, "Kubernetes has no such kind")
API_VERSION_GONE: Final = Rule("api-version-gone", Severity.ERROR, "today's clusters no longer serve the API version")
API_VERSION_UNKNOWN: Final = Rule(
    "api-version-unknown", Severity.ERROR, "Kubernetes has no such API version for the kind"
)
API_VERSION_CONVERTED: Final = Rule("api-version-converted", Severity.NOTICE, "an old API version was read as today's")
API_VERSION_OLD: Final = Rule("api-version-old", Severity.NOTICE, "a newer API version is the current one")
RULES: Final = (
    KIND_HARMLESS,
    TRAFFIC_POLICY_UNREAD,
    KIND_UNREAD,
    KIND_NOT_RUN,
    KIND_UNKNOWN,
    API_VERSION_GONE,
    API_VERSION_UNKNOWN,
    API_VERSION_CONVERTED,
    API_VERSION_OLD,
)


@dataclass(frozen=True, slots=True)
class Remark:
    """What there is to say about the kind or the API version of an object; ``field`` is the one it is about."""

    rule: Rule
    field: str
    consequence: str
    mend: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How an object is taken: its shape when it is read, None when it is not, and what there is to say."""

    struct: Struct | None = None
    remarks: tuple[Remark, ...] = ()


_READ: Final = {
    "Namespace": ("v1", schema.NAMESPACE),
    "ConfigMap": ("v1", schema.CONFIG_MAP),
    "Secret": ("v1", schema.SECRET),
    "Service": ("v1", schema.SERVICE),
    "Pod": ("v1", schema.POD),
    "Deployment": ("apps/v1", schema.DEPLOYMENT),
    "Job": ("batch/v1", schema_job.JOB),
    "CronJob": ("batch/v1", schema_job.CRON_JOB),
    "HorizontalPodAutoscaler": ("autoscaling/v2", schema_autoscaler.AUTOSCALER),
}
# Traffic rules that are read, and the versions in which they are served, the current one first.
_ROUTED: Final = {
    ("networking.istio.io", "DestinationRule"): (("v1", "v1beta1", "v1alpha3"), schema_traffic.DESTINATION_RULE),
    ("networking.istio.io", "VirtualService"): (("v1", "v1beta1", "v1alpha3"), schema_traffic.VIRTUAL_SERVICE),
    ("gateway.networking.k8s.io", "HTTPRoute"): (("v1", "v1beta1"), schema_route.HTTP_ROUTE),
}
# What is served in an older version with other fields.
_ALSO_READ: Final = {("autoscaling/v1", "HorizontalPodAutoscaler"): schema_autoscaler.AUTOSCALER_V1}
# What is read although clusters refuse it, since which release.
_CONVERTED: Final = {
    ("extensions/v1beta1", "Deployment"): "1.16",
    ("apps/v1beta1", "Deployment"): "1.16",
    ("apps/v1beta2", "Deployment"): "1.16",
    ("batch/v1beta1", "CronJob"): "1.25",
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler"): "1.26",
}

# Group to what of it today's clusters serve, newest first. The empty group is core.
_SERVED: Final = {
    "": ("v1",),
    "admissionregistration.k8s.io": ("v1", "v1beta1", "v1alpha1"),
    "apiextensions.k8s.io": ("v1",),
    "apps": ("v1",),
    "autoscaling": ("v2", "v1"),
    "batch": ("v1",),
    "coordination.k8s.io": ("v1", "v1beta1", "v1alpha2"),
    "discovery.k8s.io": ("v1",),
    "events.k8s.io": ("v1",),
    "networking.k8s.io": ("v1",),
    "node.k8s.io": ("v1",),
    "policy": ("v1",),
    "rbac.authorization.k8s.io": ("v1",),
    "storage.k8s.io": ("v1",),
}
# API version to the release that dropped it and what took its place; a kind in front where only it is meant.
_GONE: Final = {
    "Ingress extensions/v1beta1": ("1.22", "networking.k8s.io/v1"),
    "NetworkPolicy extensions/v1beta1": ("1.16", "networking.k8s.io/v1"),
    "PodSecurityPolicy policy/v1beta1": ("1.25", "Pod security admission: labels on the Namespace"),
    "extensions/v1beta1": ("1.16", "apps/v1"),
    "apps/v1beta1": ("1.16", "apps/v1"),
    "apps/v1beta2": ("1.16", "apps/v1"),
    "autoscaling/v2beta1": ("1.25", "autoscaling/v2"),
    "autoscaling/v2beta2": ("1.26", "autoscaling/v2"),
    "batch/v1beta1": ("1.25", "batch/v1"),
    "batch/v2alpha1": ("1.21", "batch/v1"),
    "policy/v1beta1": ("1.25", "policy/v1"),
    "networking.k8s.io/v1beta1": ("1.22", "networking.k8s.io/v1"),
    "rbac.authorization.k8s.io/v1beta1": ("1.22", "rbac.authorization.k8s.io/v1"),
    "rbac.authorization.k8s.io/v1alpha1": ("1.23", "rbac.authorization.k8s.io/v1"),
    "apiextensions.k8s.io/v1beta1": ("1.22", "apiextensions.k8s.io/v1"),
    "scheduling.k8s.io/v1alpha1": ("1.23", "scheduling.k8s.io/v1"),
    "discovery.k8s.io/v1beta1": ("1.25", "discovery.k8s.io/v1"),
    "events.k8s.io/v1beta1": ("1.25", "events.k8s.io/v1"),
    "node.k8s.io/v1beta1": ("1.25", "node.k8s.io/v1"),
}

_NO_API: Final = "the stack has no API server: nothing authenticates with it"
_NO_CLAIM: Final = "no storage is claimed; a container that mounts it is reported by itself"
_HARMLESS: Final = {
    ("", "Event"): "it records what happened on a cluster",
    ("", "LimitRange"): "the limits that it would set by default are not applied",
    ("", "PersistentVolume"): _NO_CLAIM,
    ("", "PersistentVolumeClaim"): _NO_CLAIM,
    ("", "ResourceQuota"): "no quota is held here",
    ("", "ServiceAccount"): _NO_API,
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): "no webhook changes objects here",
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): "no webhook refuses objects here",
    ("apiextensions.k8s.io", "CustomResourceDefinition"): "its objects are reported by themselves",
    ("cert-manager.io", "Certificate"): "no certificate is issued",
    ("cert-manager.io", "ClusterIssuer"): "no certificate is issued",
    ("cert-manager.io", "Issuer"): "no certificate is issued",
    ("coordination.k8s.io", "Lease"): "no lease is held here",
    ("monitoring.coreos.com", "PodMonitor"): "nothing is scraped here",
    ("monitoring.coreos.com", "PrometheusRule"): "no alert is raised here",
    ("monitoring.coreos.com", "ServiceMonitor"): "nothing is scraped here",
    ("networking.k8s.io", "Ingress"): "traffic enters at the Services: hosts and paths of the Ingress are not tested",
    ("networking.k8s.io", "IngressClass"): "traffic enters at the Services",
    ("networking.k8s.io", "NetworkPolicy"): "traffic that it forbids is let through here",
    ("policy", "PodDisruptionBudget"): "no node is drained here",
    ("rbac.authorization.k8s.io", "ClusterRole"): _NO_API,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): _NO_API,
    ("rbac.authorization.k8s.io", "Role"): _NO_API,
    ("rbac.authorization.k8s.io", "RoleBinding"): _NO_API,
    ("scheduling.k8s.io", "PriorityClass"): "nothing is scheduled or preempted here",
    ("storage.k8s.io", "StorageClass"): _NO_CLAIM,
}
_RUNS: Final = {
    ("", "ReplicationController"): "a Deployment",
    ("apps", "DaemonSet"): "a Deployment",
    ("apps", "ReplicaSet"): "a Deployment",
    ("apps", "StatefulSet"): "a Deployment, where its Pods need no stable name or storage",
    ("argoproj.io", "Rollout"): "a Deployment",
    ("serving.knative.dev", "Service"): "a Deployment and a Service",
    ("serving.kserve.io", "InferenceService"): "a Deployment and a Service",
}
_TRAFFIC: Final = frozenset(
    {
        "gateway.networking.k8s.io",
        "networking.istio.io",
        "security.istio.io",
        "split.smi-spec.io",
        "telemetry.istio.io",
    }
)
_RENDERED: Final = {
    "kustomize.config.k8s.io": "render it first: `kubectl kustomize . | gonogo check -`",
    "helm.toolkit.fluxcd.io": "render the chart first: `helm template . | gonogo check -`",
}
_ISTIO_OLD: Final = frozenset({"v1alpha3", "v1beta1"})
_ON_A_CLUSTER: Final = "nothing to do here; test it on a cluster if the release depends on it"


def standing(api_version: str, kind: str) -> Standing:
    """Return how an object of ``kind`` in ``api_version`` is taken."""
    group, _, version = api_version.rpartition("/")
    home, struct = _READ.get(kind, ("", None))
    current = struct if api_version == home else _ALSO_READ.get((api_version, kind))
    if current is not None:
        return Standing(current)
    if since := _CONVERTED.get((api_version, kind)):
        consequence = f"clusters refuse {api_version} since {since}; it was read as {home}"
        return Standing(struct, (Remark(API_VERSION_CONVERTED, "apiVersion", consequence, f"write {home}"),))
    gone = _GONE.get(f"{kind} {api_version}") or _GONE.get(api_version)
    if gone:
        consequence = f"{api_version} is gone since Kubernetes {gone[0]}: a cluster of today refuses the object"
        return _refused(API_VERSION_GONE, "apiVersion", consequence, f"write {gone[1]}")
    if group in _TRAFFIC:
        return _traffic(group, version, kind)
    if (group, kind) in _HARMLESS or (group, kind) in _RUNS:
        return _known(group, version, kind)
    return _foreign(group, api_version, kind)


def _refused(rule: Rule, field: str, consequence: str, mend: str) -> Standing:
    return Standing(None, (Remark(rule, field, consequence, mend),))


def _known(group: str, version: str, kind: str) -> Standing:
    served = _SERVED.get(group, (version,))
    if version not in served:
        consequence = f"Kubernetes serves {kind} in no version {version!r}: it refuses the object"
        return _refused(API_VERSION_UNKNOWN, "apiVersion", consequence, f"write {_joined(group, served[0])}")
    if (group, kind) in _RUNS:
        consequence = "its Pods do not run: what is judged is the stack without them"
        return _refused(KIND_NOT_RUN, "kind", consequence, f"for the judgment, declare {_RUNS[group, kind]}")
    return _refused(KIND_HARMLESS, "kind", _HARMLESS[group, kind], _ON_A_CLUSTER)


def unread(acting: str) -> Remark:
    """Return what there is to say about a traffic rule that does not act; ``acting`` says of what that is true."""
    return Remark(
        TRAFFIC_POLICY_UNREAD,
        "kind",
        f"the rule does not act on {acting}: traffic goes to the Services as if it were not there",
        "read the judgment as one without this rule",
    )


def routed(api_version: str, kind: str) -> bool:
    """Whether objects of ``kind`` in ``api_version`` are traffic rules that gonogo reads."""
    group, _, version = api_version.rpartition("/")
    return version in _ROUTED.get((group, kind), ((), None))[0]


def _traffic(group: str, version: str, kind: str) -> Standing:
    served, struct = _ROUTED.get((group, kind), ((), None))
    remarks: tuple[Remark, ...] = ()
    if struct is None:
        remarks = (unread("this stack"),)
    elif version not in served:
        consequence = f"{kind} is served in no version {version!r}: clusters refuse the object"
        return _refused(API_VERSION_UNKNOWN, "apiVersion", consequence, f"write {_joined(group, served[0])}")
    if group == "networking.istio.io" and version in _ISTIO_OLD:
        consequence = f"{version} is still served by Istio; v1 is the current one"
        remarks = (*remarks, Remark(API_VERSION_OLD, "apiVersion", consequence, f"write {group}/v1"))
    return Standing(struct, remarks)


def _foreign(group: str, api_version: str, kind: str) -> Standing:
    homes = {name: home for name, (home, _) in _READ.items()}
    homes |= {name: _joined(owner, _SERVED[owner][0]) for owner, name in (*_HARMLESS, *_RUNS) if owner in _SERVED}
    builtin = group in _SERVED or group == "extensions"
    if kind in homes and (builtin or "." not in group):
        consequence = f"{kind} is not in {api_version}: Kubernetes refuses the object"
        return _refused(API_VERSION_UNKNOWN, "apiVersion", consequence, f"write {homes[kind]}")
    near = closest(kind, list(homes)) if builtin else ""
    if near:
        consequence = f"Kubernetes has no kind {kind!r} in {api_version}: it refuses the object"
        return _refused(KIND_UNKNOWN, "kind", consequence, f"did you mean {near}?")
    return _refused(
        KIND_UNREAD,
        "kind",
        "gonogo does not read it: if it runs or changes something, what is judged is the stack without it",
        _RENDERED.get(group, "leave it out of the judged manifests, or judge the stack on a cluster"),
    )


def _joined(group: str, version: str) -> str:
    return f"{group}/{version}" if group else version
