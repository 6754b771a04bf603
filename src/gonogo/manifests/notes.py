"""What follows from the fields that Kubernetes has and gonogo does not act upon."""

from __future__ import annotations

from typing import Final

from gonogo.manifests.findings import Severity
from gonogo.manifests.rule import Rule
from gonogo.manifests.shape import Note

__all__ = [
    "CLUSTER_ADDRESS",
    "DEADLINE",
    "DEVICES",
    "DIALECT",
    "FIELD_NOT_HONOURED",
    "FIELD_NOT_USED",
    "FILE_MODE",
    "GATES",
    "HOOK",
    "HOST_ALIASES",
    "HOST_NAME",
    "HOST_NAMESPACES",
    "IDENTITY",
    "INDEX_LIMITS",
    "MOUNT_OPTION",
    "NODE_PORT",
    "OTHER_CONTROLLER",
    "OTHER_METRIC",
    "PLACEMENT",
    "POD_FAILURES",
    "POD_RESOURCES",
    "PRIVILEGES",
    "PROBE_GRACE",
    "PROBE_HOST",
    "RESOLVER",
    "RESTART_RULES",
    "ROLLOUT",
    "RULES",
    "SCHEDULER",
    "STICKY",
    "TERMINAL",
    "UNREADY_ENDPOINTS",
]

FIELD_NOT_USED: Final = Rule("field-not-used", Severity.NOTICE, "a field has no effect on this stack")
FIELD_NOT_HONOURED: Final = Rule("field-not-honoured", Severity.WARNING, "a field would change how the stack behaves")
RULES: Final = (FIELD_NOT_USED, FIELD_NOT_HONOURED)

_ELSEWHERE: Final = "nothing to do here; test it on a cluster if the release depends on it"
_DEFAULT_STRATEGY: Final = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}


def _unused(consequence: str, *silent: object, mend: str = _ELSEWHERE) -> Note:
    return Note(FIELD_NOT_USED, consequence, mend, silent)


def _changes(consequence: str, mend: str, *silent: object) -> Note:
    return Note(FIELD_NOT_HONOURED, consequence, mend, silent)


PLACEMENT: Final = _unused("placement on nodes is not rehearsed: everything runs on one machine")
SCHEDULER: Final = _unused("placement on nodes is not rehearsed: everything runs on one machine", "default-scheduler")
PRIVILEGES: Final = _unused("users, capabilities and seccomp profiles are not applied: containers run as the caller")
IDENTITY: Final = _unused("no service account token is mounted: calls to the API server fail", "default")
HOST_NAME: Final = _unused("the Pod's host name is not set")
RESOLVER: Final = _unused("the resolver's settings are not applied: Service names are rewritten", "ClusterFirst")
GATES: Final = _unused("gates are not waited for: a replica is ready when its probe holds")
ROLLOUT: Final = _unused(
    "no rollout takes place while the stack is judged: how the Deployment rolls out is not tested",
    {"type": "RollingUpdate"},
    _DEFAULT_STRATEGY,
)
NODE_PORT: Final = _unused("the port is not opened on the node: traffic enters by the Service")
FILE_MODE: Final = _unused("owner and permissions are not set: files are readable by the caller")
MOUNT_OPTION: Final = _unused("the mount is an ordinary folder: propagation and mount options are not applied", "None")
PROBE_GRACE: Final = _unused("a failed probe restarts the container with the Pod's own grace period")
CLUSTER_ADDRESS: Final = _unused("addresses outside the cluster are not served: traffic enters by the Service's name")
TERMINAL: Final = _unused("no terminal or input is attached: the container's standard input is empty")

HOST_NAMESPACES: Final = _changes(
    "namespaces of the node are not shared as declared: what the Pod sees of other processes and ports differs",
    "remove it, or judge this Pod on a cluster",
)
HOST_ALIASES: Final = _changes("the host names are not added: they do not resolve", "use a Service's name instead")
HOOK: Final = _changes(
    "the hook is not run: start-up and shutdown differ from the cluster's",
    "let the program do it itself on start and on SIGTERM, or judge shutdown on a cluster",
)
DEADLINE: Final = _changes("the deadline does not end the Pod", "remove it, or judge it on a cluster")
RESTART_RULES: Final = _changes(
    "the container's own restart policy is not followed: the Pod's is",
    "set restartPolicy of the Pod",
)
DEVICES: Final = _changes("the device or claim is not given to the container", "judge this Pod on a cluster")
POD_RESOURCES: Final = _changes("limits of the Pod as a whole are not held", "set the limits of its containers")
PROBE_HOST: Final = _changes("the probe goes to the replica's own address, not to this host", "remove host")
DIALECT: Final = _changes("the probe speaks plain HTTP/1.1, not this protocol", "probe an HTTP/1.1 path")
STICKY: Final = _changes(
    "connections are spread over all replicas: the same client does not stay with one",
    "remove it, or judge sticky traffic on a cluster",
    "None",
)
UNREADY_ENDPOINTS: Final = _changes("replicas that are not ready get no traffic", "remove it")
POD_FAILURES: Final = _changes(
    "its rules are not followed: every Pod that fails counts against backoffLimit and is replaced",
    "judge what follows from exit statuses on a cluster",
)
INDEX_LIMITS: Final = _changes(
    "it is not followed: the Job needs a success of every index, and all failures count against backoffLimit",
    "remove it, or judge it on a cluster",
)
OTHER_METRIC: Final = _changes(
    "this metric is not measured here: replicas do not follow it",
    "judge scaling by this metric on a cluster, or scale by the utilization of cpu",
)
OTHER_CONTROLLER: Final = _changes(
    "the Job is run here, although another controller would on a cluster", "remove it", "kubernetes.io/job-controller"
)
