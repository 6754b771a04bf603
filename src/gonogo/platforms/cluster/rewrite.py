"""What of a manifest is changed before it is applied: namespaces, the DNS names that hold them, images. Pure.

Everything else reaches the API server as it is written. docs/platforms.md says the same to users.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Mapping
from typing import Any, Final

__all__ = ["Rewriter"]

_SERVER_SIDE: Final = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid")
_UNTOUCHED: Final = frozenset({"apiVersion", "kind", "labels", "matchLabels", "name", "selector"})
"""Fields whose text names no host."""
_NAMESPACE_LABEL: Final = "kubernetes.io/metadata.name"


class Rewriter:
    """Rewrites the objects of one session.

    Args:
        namespaces: declared namespace to the one in the cluster.
        services: namespace and name of every declared Service.
        images: image names, or beginnings of them that end in ``*``, to what stands for them in the cluster.
    """

    def __init__(
        self, namespaces: Mapping[str, str], services: Collection[tuple[str, str]], images: Mapping[str, str]
    ) -> None:
        self._namespaces = namespaces
        self._images = sorted(images.items(), key=lambda entry: -len(entry[0]))
        dotted = "|".join(
            rf"{re.escape(name)}\.{re.escape(space)}"
            for space, name in sorted(services, key=lambda each: (-len(each[1]), each))
            if space in namespaces
        )
        self._hosts = re.compile(rf"(?<![\w.-])({dotted})(?=\.svc\b|(?![\w.-])|\.(?!\w))") if dotted else None

    def body(self, written: Mapping[str, Any], *, namespaced: bool) -> dict[str, Any]:
        """Return an object as it is applied.

        Args:
            written: as the manifest has it.
            namespaced: whether its kind stands in a namespace.
        """
        body = {key: value for key, value in written.items() if key != "status"}
        secret = body.pop("data", None) if body.get("kind") == "Secret" else None
        body = {name: self._entry(name, each) for name, each in body.items()}
        if secret is not None:
            body["data"] = {key: self._encoded(value) for key, value in secret.items()}
        metadata = {key: value for key, value in (body.get("metadata") or {}).items() if key not in _SERVER_SIDE}
        if namespaced:
            declared = (written.get("metadata") or {}).get("namespace") or "default"
            metadata["namespace"] = self._namespaces.get(declared, declared)
        body["metadata"] = metadata
        return body

    def text(self, text: str) -> str:
        """Return ``text`` with the hosts of declared Services moved to their namespaces in the cluster."""
        if self._hosts is None:
            return text
        return self._hosts.sub(lambda found: self._moved(found[1]), text)

    def image(self, name: str) -> str:
        """Return what stands for the image ``name``."""
        for pattern, replacement in self._images:
            if pattern.endswith("*") and name.startswith(pattern[:-1]):
                kept = name[len(pattern) - 1 :] if replacement.endswith("*") else ""
                return replacement.removesuffix("*") + kept
            if pattern == name:
                return replacement
        return name

    def _walk(self, value: Any, key: str) -> Any:  # noqa: ANN401 - a node of YAML
        if isinstance(value, Mapping):
            return {name: self._entry(name, each) for name, each in value.items()}
        if isinstance(value, list | tuple):
            return [self._walk(each, key) for each in value]
        if not isinstance(value, str):
            return value
        if key == "image":
            return self.image(value)
        if key in ("namespace", _NAMESPACE_LABEL):
            return self._namespaces.get(value, value)
        return self.text(value)

    def _entry(self, name: str, value: Any) -> Any:  # noqa: ANN401 - likewise
        if name in ("labels", "matchLabels", "selector") and isinstance(value, Mapping):
            # Labels are no hosts; the one that names a namespace follows it.
            return {
                key: self._entry(key, each) if key == _NAMESPACE_LABEL or isinstance(each, Mapping | list) else each
                for key, each in value.items()
            }
        return value if name in _UNTOUCHED and isinstance(value, str) else self._walk(value, name)

    def _encoded(self, value: object) -> object:
        """Return a Secret's base64 value with the hosts in its text moved; what is no text stays."""
        if not isinstance(value, str):
            return value
        try:
            plain = base64.b64decode(value, validate=False).decode()
        except (binascii.Error, UnicodeDecodeError):
            return value
        moved = self.text(plain)
        return value if moved == plain else base64.b64encode(moved.encode()).decode()

    def _moved(self, dotted: str) -> str:
        name, _, space = dotted.partition(".")
        return f"{name}.{self._namespaces[space]}"
