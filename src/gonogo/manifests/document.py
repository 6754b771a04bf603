"""One object of a manifest as it was written, and the line on which each of its fields stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gonogo.manifests.findings import Source

__all__ = ["Document", "Lines", "Path", "render"]

Path = tuple[str | int, ...]
"""Steps from the object's root to a field: keys of mappings, positions in lists."""

_CLUSTER_SCOPED = frozenset(
    {
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "IngressClass",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PriorityClass",
        "StorageClass",
    }
)


@dataclass(frozen=True, slots=True)
class Lines:
    """Where a node of the YAML stands, and its children.

    Attributes:
        line: line in the file, from 1; of the key, where the node is the value of one.
        children: by key or position.
        written: a scalar as it is written in the file, when it stands there without quotes.
    """

    line: int
    children: Mapping[str | int, Lines] = field(default_factory=dict)
    written: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Document:
    """One object: where it begins, what it says, and where each part of it stands.

    Attributes:
        source: file as the user named it and the object's first line.
        body: plain values as Kubernetes reads the YAML: mappings with text keys, lists, text, numbers, booleans, None.
            Not shown in the repr, because it may hold a Secret.
        lines: the line of each field, in the shape of ``body``.
    """

    source: Source
    body: Mapping[str, object] = field(repr=False)
    lines: Lines = field(repr=False)

    @property
    def api_version(self) -> str:
        """``apiVersion``; empty when it is missing or no text."""
        return _text(self.body.get("apiVersion"))

    @property
    def kind(self) -> str:
        """``kind``; empty when it is missing or no text."""
        return _text(self.body.get("kind"))

    @property
    def name(self) -> str:
        """``metadata.name``; empty when it is missing or no text."""
        return _text(self._metadata.get("name"))

    @property
    def namespace(self) -> str:
        """``metadata.namespace``, or ``default``; empty for kinds that stand in no namespace."""
        if self.kind in _CLUSTER_SCOPED:
            return ""
        return _text(self._metadata.get("namespace")) or "default"

    @property
    def _metadata(self) -> Mapping[str, object]:
        metadata = self.body.get("metadata")
        return metadata if isinstance(metadata, Mapping) else {}

    def node(self, path: Path) -> Lines:
        """Return the node at ``path``, or the nearest one above it that exists."""
        node = self.lines
        for step in path:
            child = node.children.get(step)
            if child is None:
                break
            node = child
        return node

    def at(self, path: Path) -> Source:
        """Return file and line of the field at ``path``, or of the nearest field above it that exists."""
        return Source(self.source.file, self.node(path).line if path else self.source.line)

    def named(self, path: Path) -> str:
        """Return the field at ``path`` as findings call it."""
        return render(path)

    def __str__(self) -> str:
        if not self.kind:
            return "document"
        name = self.name or "(without a name)"
        return f"{self.kind} {self.namespace}/{name}" if self.namespace else f"{self.kind} {name}"


def render(path: Path) -> str:
    """Return ``path`` as people write it: ``spec.containers[0].image``, ``metadata.labels[app.kubernetes.io/name]``."""
    text = ""
    for step in path:
        if isinstance(step, int) or not step or "." in step or "/" in step:
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
