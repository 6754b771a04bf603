"""The environment of a container's processes: what the manifest declares, on a small base."""

from __future__ import annotations

import os.path
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from gonogo.errors import ManifestError
from gonogo.manifests.topology import EnvVar

__all__ = ["MARKER", "PodFacts", "base_environment", "container_environment", "field_value"]

MARKER = "GONOGO_CONTAINER"
"""Variable that every process of a stack inherits: ``stack id/namespace/workload/ordinal/container``."""

_KEPT = ("HOME", "LANG", "LC_ALL", "LOGNAME", "TMPDIR", "TZ", "USER", "XDG_CACHE_HOME")
_KEYED = re.compile(r"metadata\.(labels|annotations)\['([^']+)'\]")


def base_environment(machine: Mapping[str, str], python: str) -> dict[str, str]:
    """Return what every container gets before its own variables.

    Args:
        machine: the environment of the process that starts the stack. Of it only the names in the documentation stay.
        python: the interpreter; its folder comes first on PATH, so that its scripts (uvicorn) are found.
    """
    folder = os.path.dirname(python)  # noqa: PTH120 - text in, text out
    search = machine.get("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    return {
        "PATH": ":".join(dict.fromkeys([folder, *search.split(":")])),
        # A process that is killed would take the last lines of its log with it.
        "PYTHONUNBUFFERED": "1",
        **{name: machine[name] for name in _KEPT if name in machine},
    }


@dataclass(frozen=True, slots=True)
class PodFacts:
    """What the downward API tells about a Pod."""

    name: str
    namespace: str
    address: str
    uid: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


def field_value(variable: EnvVar, pod: PodFacts, where: str) -> str:
    """Return what ``fieldRef.fieldPath`` of ``variable`` means for ``pod``.

    Raises:
        ManifestError: the path means nothing here.
    """
    path = variable.field_path or ""
    plain = {
        "metadata.name": pod.name,
        "metadata.namespace": pod.namespace,
        "metadata.uid": pod.uid,
        "spec.nodeName": "localhost",
        "spec.serviceAccountName": "default",
        "status.hostIP": pod.address,
        "status.hostIPs": pod.address,
        "status.podIP": pod.address,
        "status.podIPs": pod.address,
    }
    if path in plain:
        return plain[path]
    if keyed := _KEYED.fullmatch(path):
        return (pod.labels if keyed[1] == "labels" else pod.annotations).get(keyed[2], "")
    raise ManifestError(
        f"the environment variable {variable.name} takes {path!r}, which the process platform does not know",
        where=where,
        mend=f"use one of {', '.join(plain)}, metadata.labels['KEY'] or metadata.annotations['KEY']",
    )


def container_environment(
    variables: Iterable[EnvVar],
    base: Mapping[str, str],
    *,
    rewrite: Callable[[str, str], str],
    pod: PodFacts,
    where: str,
) -> dict[str, str]:
    """Return the whole environment of a container.

    Args:
        variables: what the manifest declares, in its order.
        base: see :func:`base_environment`, with the marker.
        rewrite: takes a value and the variable's name and returns the value for this machine.
        pod: whose container it is; HOST, GONOGO_HOST and PGHOST are its address unless the manifest sets them.
        where: the container, for messages.
    """
    # In a Pod, a client of PostgreSQL that is told no host finds the Pod's own server, by its socket.
    environment = {**base, "GONOGO_HOST": pod.address, "HOST": pod.address, "PGHOST": pod.address}
    for variable in variables:
        if variable.field_path is not None:
            environment[variable.name] = field_value(variable, pod, where)
        else:
            environment[variable.name] = rewrite(variable.value, variable.name)
    return environment
