"""The fields of a Pod: its containers, probes, environment and volumes."""

from __future__ import annotations

from typing import Final

from gonogo.manifests import notes
from gonogo.manifests.names import dns_label, env_name, port_name
from gonogo.manifests.quantity import parse_amount, parse_cpu, parse_memory
from gonogo.manifests.shape import (
    Amount,
    Anything,
    Entries,
    Field,
    Flag,
    Listing,
    Note,
    Number,
    PortRef,
    Struct,
    Text,
    harmless,
    need,
    noted,
    read,
)

__all__ = ["CONTAINER", "POD_SPEC", "PROBE", "READABLE_VOLUMES", "VOLUME"]

_PORT: Final = Number(1, 65535)
_PROTOCOL: Final = Text(choices=("TCP", "UDP", "SCTP"))

_STORE_KEY: Final = Struct({"name": need(Text()), "key": need(Text()), "optional": read(Flag())})
_STORE: Final = Struct({"name": need(Text()), "optional": read(Flag())})
_ENV: Final = Struct(
    {
        "name": need(Text(complaint=env_name)),
        "value": read(Text()),
        "valueFrom": read(
            Struct(
                {
                    "configMapKeyRef": read(_STORE_KEY),
                    "secretKeyRef": read(_STORE_KEY),
                    "fieldRef": read(Struct({"fieldPath": need(Text()), "apiVersion": read(Text())})),
                    "resourceFieldRef": read(
                        Struct(
                            {
                                "resource": need(Text()),
                                "containerName": read(Text()),
                                "divisor": read(Amount(parse_amount)),
                            }
                        )
                    ),
                    "fileKeyRef": read(Anything()),
                }
            )
        ),
    }
)
_ENV_FROM: Final = Struct({"prefix": read(Text()), "configMapRef": read(_STORE), "secretRef": read(_STORE)})

_HTTP_GET: Final = Struct(
    {
        "path": read(Text()),
        "port": need(PortRef()),
        "scheme": read(Text(choices=("HTTP", "HTTPS"))),
        "httpHeaders": read(Listing(Struct({"name": need(Text()), "value": need(Text())}))),
        "host": Field(Text(), note=notes.PROBE_HOST),
        "protocol": Field(Text(), note=notes.DIALECT),
    }
)
PROBE: Final = Struct(
    {
        "httpGet": read(_HTTP_GET),
        "tcpSocket": read(Struct({"port": need(PortRef()), "host": Field(Text(), note=notes.PROBE_HOST)})),
        "exec": read(Struct({"command": need(Listing(Text()))})),
        "grpc": read(Struct({"port": need(_PORT), "service": read(Text()), "mode": read(Text())})),
        "initialDelaySeconds": read(Number()),
        "periodSeconds": read(Number()),
        "timeoutSeconds": read(Number()),
        "successThreshold": read(Number()),
        "failureThreshold": read(Number()),
        "terminationGracePeriodSeconds": Field(Number(1), note=notes.PROBE_GRACE),
    }
)

_AMOUNTS: Final = Entries(Amount(parse_amount), named={"cpu": Amount(parse_cpu), "memory": Amount(parse_memory)})
_RESOURCES: Final = Struct(
    {
        "limits": read(_AMOUNTS),
        "requests": read(_AMOUNTS),
        **noted(notes.DEVICES, "claims"),
    }
)
_MOUNT: Final = Struct(
    {
        "name": need(Text()),
        "mountPath": need(Text()),
        "readOnly": read(Flag()),
        "subPath": read(Text()),
        "subPathExpr": read(Text()),
        **noted(notes.MOUNT_OPTION, "bindMountOptions", "mountPropagation", "recursiveReadOnly"),
    }
)
_CONTAINER_PORT: Final = Struct(
    {
        "containerPort": need(_PORT),
        "name": read(Text(complaint=port_name)),
        "protocol": read(_PROTOCOL),
        **noted(notes.NODE_PORT, "hostPort", "hostIP"),
    }
)
CONTAINER: Final = Struct(
    {
        "name": need(Text(complaint=dns_label)),
        "image": need(Text()),
        "command": read(Listing(Text())),
        "args": read(Listing(Text())),
        "env": read(Listing(_ENV)),
        "envFrom": read(Listing(_ENV_FROM)),
        "workingDir": read(Text()),
        "ports": read(Listing(_CONTAINER_PORT)),
        "resources": read(_RESOURCES),
        "volumeMounts": read(Listing(_MOUNT)),
        "readinessProbe": read(PROBE),
        "livenessProbe": read(PROBE),
        "startupProbe": read(PROBE),
        "restartPolicy": read(Text(choices=("Always", "Never", "OnFailure"))),
        "lifecycle": Field(Anything(), note=notes.HOOK),
        "restartPolicyRules": Field(Anything(), note=notes.RESTART_RULES),
        "volumeDevices": Field(Anything(), note=notes.DEVICES),
        "securityContext": Field(Anything(), note=notes.PRIVILEGES),
        **noted(notes.TERMINAL, "stdin", "stdinOnce", "tty"),
        **harmless("imagePullPolicy", "resizePolicy", "terminationMessagePath", "terminationMessagePolicy"),
    }
)

_ITEM: Final = Struct({"key": need(Text()), "path": need(Text()), **noted(notes.FILE_MODE, "mode", "user")})
_STORE_VOLUME: Final = {
    "items": read(Listing(_ITEM)),
    "optional": read(Flag()),
    **noted(notes.FILE_MODE, "defaultMode", "defaultUser"),
}
_MEMORY_DISK: Final = Note(
    notes.FIELD_NOT_USED,
    "the folder lies on disk, not in memory: its speed and its share of the memory limit differ",
    "nothing to do here; test it on a cluster if the release depends on it",
)
READABLE_VOLUMES: Final = {
    "emptyDir": read(
        Struct(
            {
                "sizeLimit": read(Amount(parse_memory)),
                "medium": Field(Text(), note=_MEMORY_DISK),
                **noted(notes.FILE_MODE, "mode"),
            }
        )
    ),
    "configMap": read(Struct({"name": need(Text()), **_STORE_VOLUME})),
    "secret": read(Struct({"secretName": need(Text()), **_STORE_VOLUME})),
}
VOLUME: Final = Struct(
    {
        "name": need(Text(complaint=dns_label)),
        **READABLE_VOLUMES,
        **harmless(
            "awsElasticBlockStore",
            "azureDisk",
            "azureFile",
            "cephfs",
            "cinder",
            "csi",
            "downwardAPI",
            "ephemeral",
            "fc",
            "flexVolume",
            "flocker",
            "gcePersistentDisk",
            "gitRepo",
            "glusterfs",
            "hostPath",
            "image",
            "iscsi",
            "nfs",
            "persistentVolumeClaim",
            "photonPersistentDisk",
            "portworxVolume",
            "projected",
            "quobyte",
            "rbd",
            "scaleIO",
            "storageos",
            "vsphereVolume",
        ),
    }
)

POD_SPEC: Final = Struct(
    {
        "containers": need(Listing(CONTAINER)),
        "initContainers": read(Listing(CONTAINER)),
        "volumes": read(Listing(VOLUME)),
        "restartPolicy": read(Text(choices=("Always", "OnFailure", "Never"))),
        "terminationGracePeriodSeconds": read(Number()),
        "serviceAccountName": Field(Text(), note=notes.IDENTITY),
        "serviceAccount": read(Text()),
        "activeDeadlineSeconds": Field(Number(1), note=notes.DEADLINE),
        "hostAliases": Field(Anything(), note=notes.HOST_ALIASES),
        "schedulerName": Field(Text(), note=notes.SCHEDULER),
        "securityContext": Field(Anything(), note=notes.PRIVILEGES),
        "resources": Field(Anything(), note=notes.POD_RESOURCES),
        **noted(notes.RESOLVER, "dnsConfig", "dnsPolicy"),
        **noted(notes.GATES, "readinessGates", "schedulingGates"),
        **noted(notes.HOST_NAMESPACES, "hostIPC", "hostNetwork", "hostPID", "shareProcessNamespace"),
        **noted(notes.HOST_NAME, "hostname", "hostnameOverride", "setHostnameAsFQDN", "subdomain"),
        **noted(notes.DEVICES, "resourceClaims"),
        **noted(
            notes.PLACEMENT,
            "affinity",
            "nodeName",
            "nodeSelector",
            "os",
            "overhead",
            "priorityClassName",
            "runtimeClassName",
            "schedulingGroup",
            "tolerations",
            "topologySpreadConstraints",
        ),
        **harmless(
            "automountServiceAccountToken",
            "enableServiceLinks",
            "ephemeralContainers",
            "evictionResponders",
            "hostUsers",
            "imagePullSecrets",
            "preemptionPolicy",
            "priority",
        ),
    }
)
