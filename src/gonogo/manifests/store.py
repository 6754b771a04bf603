"""ConfigMaps and Secrets: what they hold, as text for variables and as bytes for files."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from gonogo.manifests.compose.file import Composed
from gonogo.manifests.findings import Severity
from gonogo.manifests.objects import Object
from gonogo.manifests.rule import Place, Rule
from gonogo.manifests.shape import Fields

__all__ = ["RULES", "Store", "Stores", "stores"]

BASE64_INVALID: Final = Rule("base64-invalid", Severity.ERROR, "a value that must be base64 is none")
STORE_TOO_LARGE: Final = Rule("store-too-large", Severity.ERROR, "a ConfigMap or Secret is larger than 1 MiB")
REFERENCE_MISSING: Final = Rule("reference-missing", Severity.ERROR, "a ConfigMap, a Secret or a key of one is missing")
VALUE_NOT_TEXT: Final = Rule("value-not-text", Severity.ERROR, "a variable takes its value from bytes that are no text")
RULES: Final = (BASE64_INVALID, STORE_TOO_LARGE, REFERENCE_MISSING, VALUE_NOT_TEXT)

_LARGEST: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Store:
    """A ConfigMap or a Secret.

    Attributes:
        files: key to content.
        texts: those of them that a variable can take; binary data are no text.
    """

    kind: str
    namespace: str
    name: str
    files: Mapping[str, bytes] = field(repr=False)
    texts: Mapping[str, str] = field(repr=False)

    @property
    def secret(self) -> bool:
        """Whether its values must not be shown."""
        return self.kind == "Secret"

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Stores:
    """All ConfigMaps and Secrets by kind, namespace and name."""

    known: Mapping[tuple[str, str, str], Store]

    def find(self, kind: str, namespace: str, reference: Fields, name: str, place: Place) -> Store | None:
        """Return the store that ``reference`` names; report a missing one unless the reference is optional."""
        if not name:
            return None  # the fit has reported it
        store = self.known.get((kind, namespace, name))
        if store is None and not reference.get("optional", False):
            place.report(
                REFERENCE_MISSING,
                f"{kind} {namespace}/{name} is not declared: the containers of {place.document} do not start",
                self._mend(kind, namespace, name),
            )
        return store

    def _mend(self, kind: str, namespace: str, name: str) -> str:
        elsewhere = [known for known in self.known.values() if (known.kind, known.name) == (kind, name)]
        if elsewhere:
            return f"{elsewhere[0]} is in another namespace, and references stay in their own: declare it there too"
        names = sorted(
            known.name for known in self.known.values() if (known.kind, known.namespace) == (kind, namespace)
        )
        declared = f" (declared: {', '.join(names)})" if names else ""
        return f"declare {kind} {namespace}/{name}, mend the name{declared}, or set optional: true"


def missing_key(store: Store, key: str, place: Place) -> None:
    """Report that ``store`` has no ``key``."""
    keys = ", ".join(sorted(store.files)) or "none"
    place.report(
        REFERENCE_MISSING,
        f"{store} has no key {key!r}: the containers of {place.document} do not start",
        f"add the key, or use one that it has: {keys}",
    )


def stores(objects: Iterable[Object]) -> Stores:
    """Return the ConfigMaps and Secrets among ``objects``; report values that cannot be read."""
    known: dict[tuple[str, str, str], Store] = {}
    for entry in objects:
        if entry.kind in ("ConfigMap", "Secret"):
            known[entry.kind, entry.namespace, entry.name] = _store(entry)
    return Stores(known)


def _store(entry: Object) -> Store:
    secret = entry.kind == "Secret"
    encoded = "data" if secret else "binaryData"
    texts: Mapping[str, str] = entry.fields.get("stringData" if secret else "data", {})
    files = {key: _decoded(text, entry.place / encoded / key) for key, text in entry.fields.get(encoded, {}).items()}
    files |= {key: text.encode() for key, text in texts.items()}
    of_cluster = not isinstance(entry.place.document, Composed)  # what docker mounts has no such limit
    if of_cluster and sum(len(content) for content in files.values()) > _LARGEST:
        (entry.place / "data").report(
            STORE_TOO_LARGE, "Kubernetes refuses the object", "split it, or put the file into the image"
        )
    readable = {key: text for key, content in files.items() if (text := _text(content)) is not None}
    return Store(entry.kind, entry.namespace, entry.name, files, readable if secret else texts)


def _decoded(text: str, place: Place) -> bytes:
    try:
        return base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError):
        mend = "encode the value with base64"
        if place.document.kind == "Secret":
            mend += ", or put it as it is under stringData"
        place.report(BASE64_INVALID, "the value is no base64: Kubernetes refuses the object", mend)
        return b""


def _text(content: bytes) -> str | None:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None
