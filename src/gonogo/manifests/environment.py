"""The environment of a container: literals, references and ``$(NAME)``, in the order in which Kubernetes sets them.

``envFrom`` first, in order; then ``env``, each entry seeing those before it; what comes later wins.
https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#environment-variables
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gonogo.manifests.expansion import expand
from gonogo.manifests.findings import Severity
from gonogo.manifests.fit import FIELD_VALUE
from gonogo.manifests.resources import amount
from gonogo.manifests.rule import Place, Rule
from gonogo.manifests.secret import SecretText
from gonogo.manifests.shape import Fields
from gonogo.manifests.store import VALUE_NOT_TEXT, Stores, missing_key
from gonogo.manifests.topology import EnvVar, Resources

__all__ = ["RULES", "Scope", "environment", "words"]

ENV_SOURCE: Final = Rule("env-source", Severity.ERROR, "a variable has no source, or one that gonogo cannot fill in")
ENV_REFERENCE_UNRESOLVED: Final = Rule(
    "env-reference-unresolved", Severity.WARNING, "$(NAME) names a variable that is not set before it"
)
ENV_REFERENCE_LATE: Final = Rule(
    "env-reference-late", Severity.ERROR, "$(NAME) names a variable that is known only when the Pod runs"
)
SECRET_IN_ARGUMENTS: Final = Rule("secret-in-arguments", Severity.WARNING, "a Secret is put on a command line")
RULES: Final = (ENV_SOURCE, ENV_REFERENCE_UNRESOLVED, ENV_REFERENCE_LATE, SECRET_IN_ARGUMENTS)

_LATE: Final = frozenset(
    {
        "metadata.name",
        "metadata.uid",
        "spec.nodeName",
        "status.hostIP",
        "status.hostIPs",
        "status.podIP",
        "status.podIPs",
    }
)
_MARK: Final = re.compile(r"metadata\.(labels|annotations)\['(?P<key>[^']+)'\]")
_SOURCES: Final = ("configMapKeyRef", "secretKeyRef", "fieldRef", "resourceFieldRef", "fileKeyRef")


@dataclass(frozen=True, slots=True)
class Scope:
    """What the variables of a Pod can refer to.

    Attributes:
        pod_name: the Pod's name where the manifest says it, empty where the platform chooses it.
        resources: by name of the container.
    """

    stores: Stores = field(repr=False)
    namespace: str
    pod_name: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    service_account: str = "default"
    resources: Mapping[str, Resources] = field(default_factory=dict)


def environment(container: Fields, place: Place, scope: Scope) -> tuple[EnvVar, ...]:
    """Return the variables of ``container``; report to ``place`` what cannot be resolved."""
    known: dict[str, EnvVar] = {}
    for i, source in enumerate(container.get("envFrom", ())):
        known |= {variable.name: variable for variable in _from_store(source, place / "envFrom" / i, scope)}
    for i, entry in enumerate(container.get("env", ())):
        variable = _variable(entry, container.get("name", ""), place / "env" / i, scope, known)
        if variable is not None:
            known.pop(variable.name, None)
            known[variable.name] = variable
    return tuple(known.values())


def words(texts: tuple[str, ...], place: Place, variables: tuple[EnvVar, ...]) -> tuple[str, ...]:
    """Return ``command`` or ``args`` with their references replaced."""
    known = {variable.name: variable for variable in variables}
    found = []
    for i, text in enumerate(texts):
        value, secret = _expanded(text, place / i, known)
        if secret:
            (place / i).report(
                SECRET_IN_ARGUMENTS,
                "every user of the machine can read the Secret in the list of processes",
                "let the program read the variable itself",
            )
        found.append(SecretText(value) if secret else value)
    return tuple(found)


def _from_store(source: Fields, place: Place, scope: Scope) -> list[EnvVar]:
    named = [name for name in ("configMapRef", "secretRef") if name in source]
    if len(named) != 1:
        place.report(ENV_SOURCE, "Kubernetes refuses the object", "give exactly one of configMapRef and secretRef")
        return []
    reference = source[named[0]]
    kind = "Secret" if named[0] == "secretRef" else "ConfigMap"
    store = scope.stores.find(kind, scope.namespace, reference, reference.get("name", ""), place / named[0] / "name")
    prefix = source.get("prefix", "")
    texts = store.texts if store else {}
    return [EnvVar(prefix + key, text, secret=kind == "Secret") for key, text in sorted(texts.items())]


def _variable(entry: Fields, container: str, place: Place, scope: Scope, known: Mapping[str, EnvVar]) -> EnvVar | None:
    name = entry.get("name", "")
    if not name:
        return None  # the fit has reported it
    if "valueFrom" not in entry:
        value, secret = _expanded(entry.get("value", ""), place / "value", known)
        return EnvVar(name, value, secret=secret)
    source = entry["valueFrom"]
    named = [key for key in _SOURCES if key in source]
    if len(named) == 1 and not entry.get("value"):
        return _sourced(name, container, named[0], source[named[0]], place / "valueFrom" / named[0], scope)
    given = "a value and a source" if entry.get("value") else f"{len(named)} sources"
    (place / "valueFrom").report(
        ENV_SOURCE,
        f"{name} has {given}: Kubernetes refuses the object",
        f"give either value, or valueFrom with exactly one of {', '.join(_SOURCES[:4])}",
    )
    return None


def _sourced(name: str, container: str, kind: str, reference: Fields, place: Place, scope: Scope) -> EnvVar | None:
    match kind:
        case "configMapKeyRef":
            return _key(name, "ConfigMap", reference, place, scope)
        case "secretKeyRef":
            return _key(name, "Secret", reference, place, scope)
        case "fieldRef":
            return _field(name, reference, place / "fieldPath", scope)
        case "resourceFieldRef":
            return _resource(name, container, reference, place, scope)
    place.report(ENV_SOURCE, f"{name} stays unset: files of volumes are not read", "use a ConfigMap or a Secret")
    return None


def _expanded(text: str, place: Place, known: Mapping[str, EnvVar]) -> tuple[str, bool]:
    """Return ``text`` with its references replaced, and whether a Secret is in it."""
    values = {name: variable.value for name, variable in known.items() if variable.field_path is None}
    result = expand(text, values)
    for name in sorted(result.missing):
        if name in known:
            place.report(
                ENV_REFERENCE_LATE,
                f"$({name}) stays as it is: {name} is known only when the Pod runs",
                f"let the program read {name} itself",
            )
        else:
            place.report(
                ENV_REFERENCE_UNRESOLVED,
                f"$({name}) stays as it is: no variable {name} is set before it"
                + (", and service links are not set here" if "_SERVICE_" in name or "_PORT" in name else ""),
                f"set {name} earlier, use a Service's name for an address, or write $$({name}) for the text itself",
            )
    return result.text, any(known[name].secret for name in result.found)


def _key(name: str, kind: str, reference: Fields, place: Place, scope: Scope) -> EnvVar | None:
    store = scope.stores.find(kind, scope.namespace, reference, reference.get("name", ""), place / "name")
    key = reference.get("key", "")
    if store is None or not key:
        return None
    if key in store.texts:
        return EnvVar(name, store.texts[key], secret=store.secret)
    if key in store.files:
        (place / "key").report(
            VALUE_NOT_TEXT, f"{key!r} of {store} is binary: {name} stays unset", "mount it as a file instead"
        )
    elif not reference.get("optional", False):
        missing_key(store, key, place / "key")
    return None


def _field(name: str, reference: Fields, place: Place, scope: Scope) -> EnvVar | None:
    path = reference.get("fieldPath", "")
    mark = _MARK.fullmatch(path)
    if path == "metadata.name" and scope.pod_name:
        return EnvVar(name, scope.pod_name)
    if path in _LATE:
        return EnvVar(name, field_path=path)
    if mark:
        return EnvVar(name, getattr(scope, mark[1]).get(mark["key"], ""))
    if path == "metadata.namespace":
        return EnvVar(name, scope.namespace)
    if path == "spec.serviceAccountName":
        return EnvVar(name, scope.service_account)
    if path:
        place.report(
            FIELD_VALUE,
            f"{path!r} is no field that a variable can take: Kubernetes refuses the object",
            f"use one of {', '.join(sorted(_LATE))}, metadata.namespace, metadata.labels['KEY']",
        )
    return None


def _resource(name: str, container: str, reference: Fields, place: Place, scope: Scope) -> EnvVar | None:
    resource = reference.get("resource", "")
    owner = reference.get("containerName") or container
    if owner not in scope.resources:
        mend = f"name one of {', '.join(scope.resources)}"
        (place / "containerName").report(FIELD_VALUE, f"the Pod has no container {owner!r}", mend)
        return None
    value = amount(scope.resources[owner], resource, reference.get("divisor") or 1)
    if value is None and resource:
        (place / "resource").report(
            ENV_SOURCE,
            f"{name} stays unset: container {owner} declares no {resource}, and a cluster would take the node's",
            f"declare {resource} of {owner} (cpu or memory, in limits or requests)",
        )
    return None if value is None else EnvVar(name, value)
