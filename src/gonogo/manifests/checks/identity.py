"""Objects that are declared twice, or in a namespace that nobody declares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gonogo.manifests.build import Assembly
from gonogo.manifests.checking import Check
from gonogo.manifests.document import Document
from gonogo.manifests.findings import Finding, Severity
from gonogo.manifests.rule import Place, Rule

__all__ = ["NAMESPACE_UNDECLARED", "OBJECT_TWICE"]

_OBJECT_TWICE: Final = Rule("object-twice", Severity.ERROR, "an object is declared twice")
_NAMESPACE: Final = Rule("namespace-undeclared", Severity.WARNING, "a namespace is used and not declared")

_ALWAYS_THERE: Final = frozenset({"default", "kube-node-lease", "kube-public", "kube-system"})


def _object_twice(assembly: Assembly) -> Iterator[Finding]:
    seen: dict[tuple[str, str, str, str], Document] = {}
    for document in assembly.documents:
        if not document.kind or not document.name:
            continue
        group = document.api_version.rpartition("/")[0]
        first = seen.setdefault((group, document.kind, document.namespace, document.name), document)
        if first is not document:
            yield Place(document, [], ("metadata", "name")).finding(
                _OBJECT_TWICE,
                f"it is declared at {first.source}, too: on a cluster the one that is applied last replaces the other",
                "remove or rename one of them",
            )


def _namespace(assembly: Assembly) -> Iterator[Finding]:
    known = {entry.name for entry in assembly.objects if entry.kind == "Namespace"} | _ALWAYS_THERE
    for entry in assembly.objects:
        if entry.namespace and entry.namespace not in known:
            known.add(entry.namespace)
            yield (entry.place / "metadata" / "namespace").finding(
                _NAMESPACE,
                f"kubectl refuses every object in {entry.namespace} on a cluster that does not have it already",
                f"declare Namespace {entry.namespace}",
            )


OBJECT_TWICE: Final = Check(_OBJECT_TWICE, _object_twice)
NAMESPACE_UNDECLARED: Final = Check(_NAMESPACE, _namespace)
