"""Objects into the cluster: each where its kind is served, and in the order in which they need each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from gonogo.errors import EnvironmentFault, ManifestError
from gonogo.platforms.cluster.api import Api, Json, Refused
from gonogo.platforms.cluster.rewrite import Rewriter

__all__ = ["Kinds", "Written", "apply", "path_of"]

_FIRST: Final = (
    "Namespace",
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "ResourceQuota",
    "LimitRange",
    "Secret",
    "ConfigMap",
    "PersistentVolumeClaim",
    "NetworkPolicy",
    "Service",
    "DestinationRule",
    "VirtualService",
    "HTTPRoute",
)
_FORBIDDEN: Final = (401, 403)


@dataclass(frozen=True, slots=True)
class Written:
    """An object as a manifest has it.

    Attributes:
        where: file and line, or what made it.
        namespace: that the manifest means; empty for a kind that stands in none.
    """

    body: Json = field(repr=False)
    where: str
    namespace: str = "default"

    @property
    def kind(self) -> str:
        """Its kind."""
        return str(self.body.get("kind", ""))

    def __str__(self) -> str:
        metadata = self.body.get("metadata") or {}
        name = metadata.get("name") or metadata.get("generateName") or "(without a name)"
        return f"{self.kind} {self.namespace}/{name}" if self.namespace else f"{self.kind} {name}"


@dataclass(frozen=True, slots=True)
class Kind:
    """Where a kind is served."""

    root: str
    plural: str
    namespaced: bool


class Kinds:
    """What kinds the cluster serves, asked for once per API version."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._known: dict[str, dict[str, Kind]] = {}

    def find(self, api_version: str, kind: str) -> Kind | None:
        """Return where ``kind`` is served; None: it is not."""
        if api_version not in self._known:
            self._known[api_version] = self._ask(api_version)
        return self._known[api_version].get(kind)

    def _ask(self, api_version: str) -> dict[str, Kind]:
        root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        try:
            listed = self._api.get(root)
        except Refused as refusal:
            if refusal.status == 404:  # noqa: PLR2004 - HTTP's "not found": the version is not served
                return {}
            raise
        return {
            each["kind"]: Kind(root, each["name"], bool(each["namespaced"]))
            for each in listed.get("resources", ())
            if "/" not in each["name"]
        }


def path_of(kind: Kind, namespace: str, name: str = "") -> str:
    """Return the path of an object, or of the collection when it has no ``name``."""
    place = f"/namespaces/{namespace}" if kind.namespaced else ""
    return f"{kind.root}{place}/{kind.plural}" + (f"/{name}" if name else "")


def apply(api: Api, kinds: Kinds, written: Sequence[Written], rewriter: Rewriter) -> tuple[str, ...]:
    """Apply objects, those first that others need.

    Returns:
        A note for each object that was left out, with the reason.

    Raises:
        ManifestError: the API server refuses an object.
        EnvironmentFault: it refuses whoever asks, or does not answer.
    """
    notes = []
    for each in sorted(written, key=_rank):
        version = str(each.body.get("apiVersion", ""))
        if (kind := kinds.find(version, each.kind)) is None:
            notes.append(f"{each} was left out: the cluster serves no {each.kind} of {version}")
        elif not kind.namespaced:
            if each.kind != "Namespace":
                notes.append(f"{each} was left out: it would stand outside of the session's namespaces")
        else:
            _apply(api, kind, each, rewriter.body(each.body, namespaced=True))
    return tuple(notes)


def _apply(api: Api, kind: Kind, written: Written, body: dict[str, Any]) -> None:
    metadata = body["metadata"]
    try:
        if metadata.get("name"):
            api.apply(path_of(kind, metadata["namespace"], metadata["name"]), body)
        else:
            api.create(path_of(kind, metadata["namespace"]), body)
    except Refused as refusal:
        if refusal.status in _FORBIDDEN:
            raise EnvironmentFault(
                f"the cluster refused {written}: {refusal.what}", where=written.where, mend=refusal.mend
            ) from refusal
        raise ManifestError(
            f"the API server refuses {written}: {refusal.what}", where=written.where, mend="mend the manifest"
        ) from refusal


def _rank(written: Written) -> int:
    return _FIRST.index(written.kind) if written.kind in _FIRST else len(_FIRST)
