"""The fields of the objects that gonogo reads: Namespace, ConfigMap, Secret, Service, Pod, Deployment.

Names follow the Kubernetes API reference (v1.37, and everything older that is still accepted). A test compares them
with that reference, so that no field of Kubernetes is called unknown.
"""

from __future__ import annotations

from typing import Final

from gonogo.manifests.names import Complaint, config_key, dns_label, dns_subdomain, label_key, label_value, service_name
from gonogo.manifests.notes import CLUSTER_ADDRESS, ROLLOUT, STICKY, UNREADY_ENDPOINTS
from gonogo.manifests.schema_pod import POD_SPEC
from gonogo.manifests.shape import (
    Anything,
    Entries,
    Field,
    Flag,
    Listing,
    Number,
    PortRef,
    Struct,
    Text,
    harmless,
    need,
    noted,
    read,
)

__all__ = [
    "CONFIG_MAP",
    "DEPLOYMENT",
    "NAMESPACE",
    "POD",
    "SECRET",
    "SELECTOR",
    "SERVICE",
    "TEMPLATE",
    "object_of",
    "template_of",
]

_PORT: Final = Number(1, 65535)
_STATUS: Final = read(Anything())
_SERVER_SIDE: Final = harmless(
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generation",
    "managedFields",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
)
_MARKS: Final = {
    "annotations": read(Entries(Text(), label_key)),
    "labels": read(Entries(Text(complaint=label_value), label_key)),
}


def _metadata(name: Complaint) -> Field:
    return need(
        Struct(
            {
                "name": need(Text(complaint=name)),
                "namespace": read(Text(complaint=dns_label)),
                "generateName": read(Text()),
                **_MARKS,
                **_SERVER_SIDE,
            }
        )
    )


def object_of(name: Complaint, **fields: Field) -> Struct:
    """Return the shape of an object whose name ``name`` judges, with ``fields`` beside its head."""
    return Struct(
        {
            "apiVersion": need(Text()),
            "kind": need(Text()),
            "metadata": _metadata(name),
            **fields,
        }
    )


def template_of(spec: Struct) -> Struct:
    """Return the shape of what other objects are made of: metadata and ``spec``."""
    metadata = {name: read(Text()) for name in ("name", "namespace", "generateName")}
    return Struct({"metadata": read(Struct({**metadata, **_MARKS, **_SERVER_SIDE})), "spec": need(spec)})


TEMPLATE: Final = template_of(POD_SPEC)
_EXPRESSION: Final = Struct(
    {
        "key": need(Text(complaint=label_key)),
        "operator": need(Text(choices=("In", "NotIn", "Exists", "DoesNotExist"))),
        "values": read(Listing(Text(complaint=label_value))),
    }
)
SELECTOR: Final = Struct(
    {
        "matchLabels": read(Entries(Text(complaint=label_value), label_key)),
        "matchExpressions": read(Listing(_EXPRESSION)),
    }
)
_SERVICE_PORT: Final = Struct(
    {
        "name": read(Text(complaint=dns_label)),
        "port": need(_PORT),
        "protocol": read(Text(choices=("TCP", "UDP", "SCTP"))),
        "targetPort": read(PortRef()),
        "nodePort": read(_PORT),
        "appProtocol": read(Text()),
    }
)

NAMESPACE: Final = object_of(dns_label, spec=read(Anything()), status=_STATUS)
CONFIG_MAP: Final = object_of(
    dns_subdomain,
    data=read(Entries(Text(), config_key)),
    binaryData=read(Entries(Text(), config_key)),
    immutable=read(Flag()),
)
SECRET: Final = object_of(
    dns_subdomain,
    data=read(Entries(Text(), config_key)),
    stringData=read(Entries(Text(), config_key)),
    immutable=read(Flag()),
    type=read(Text()),
)
SERVICE: Final = object_of(
    service_name,
    status=_STATUS,
    spec=need(
        Struct(
            {
                "ports": read(Listing(_SERVICE_PORT)),
                "selector": read(Entries(Text(complaint=label_value), label_key)),
                "type": read(Text(choices=("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"))),
                "clusterIP": read(Text()),
                "externalName": read(Text()),
                "sessionAffinity": Field(Text(choices=("None", "ClientIP")), note=STICKY),
                "publishNotReadyAddresses": Field(Flag(), note=UNREADY_ENDPOINTS),
                **noted(CLUSTER_ADDRESS, "externalIPs", "loadBalancerIP", "loadBalancerSourceRanges"),
                **harmless(
                    "allocateLoadBalancerNodePorts",
                    "clusterIPs",
                    "externalTrafficPolicy",
                    "healthCheckNodePort",
                    "internalTrafficPolicy",
                    "ipFamilies",
                    "ipFamilyPolicy",
                    "loadBalancerClass",
                    "sessionAffinityConfig",
                    "trafficDistribution",
                ),
            }
        )
    ),
)
POD: Final = object_of(dns_subdomain, spec=need(POD_SPEC), status=_STATUS)
DEPLOYMENT: Final = object_of(
    dns_subdomain,
    status=_STATUS,
    spec=need(
        Struct(
            {
                "replicas": read(Number()),
                "selector": need(SELECTOR),
                "template": need(TEMPLATE),
                "minReadySeconds": Field(Number(), note=ROLLOUT),
                "strategy": Field(Anything(), note=ROLLOUT),
                "paused": Field(Flag(), note=ROLLOUT),
                **harmless("progressDeadlineSeconds", "revisionHistoryLimit"),
            }
        )
    ),
)
