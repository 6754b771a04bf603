"""Documents to objects: which of them are read, what they hold, and what is wrong with their form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gonogo.manifests.compose.file import ComposeFile, is_compose
from gonogo.manifests.compose.objects import compose_objects
from gonogo.manifests.compose.substitution import substituted
from gonogo.manifests.document import Document
from gonogo.manifests.findings import Finding
from gonogo.manifests.fit import FIELD_MISSING, FIELD_TYPE, fit
from gonogo.manifests.kinds import standing
from gonogo.manifests.rule import Place
from gonogo.manifests.shape import Fields

__all__ = ["Object", "objects"]


@dataclass(frozen=True, slots=True)
class Object:
    """An object that gonogo reads, after the fit.

    Attributes:
        place: its root, to report about its fields.
        fields: what fits the shape of its kind. Not shown in the repr, because it may hold a Secret.
    """

    place: Place = field(repr=False)
    fields: Fields = field(repr=False)
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return str(self.place.document)


def objects(documents: Sequence[Document], findings: list[Finding]) -> tuple[Object, ...]:
    """Return what is read of ``documents``; everything wrong or left out goes to ``findings``."""
    found: list[Object] = []
    for document in documents:
        if is_compose(document):
            found += _of_compose(document, findings)
        elif (entry := _object(Place(document, findings))) is not None:
            found.append(entry)
    return tuple(found)


def _of_compose(document: Document, findings: list[Finding]) -> list[Object]:
    """Return what a docker-compose file declares; it has been read with its variables, or has none."""
    file = document if isinstance(document, ComposeFile) else _unattached(document)
    return [
        Object(place, fields, place.document.kind, place.document.namespace, place.document.name)
        for place, fields in compose_objects(file, findings)
    ]


def _unattached(document: Document) -> ComposeFile:
    return substituted(document, values={}, environment={}, folder="")


def _object(place: Place) -> Object | None:
    document = place.document
    if not all([_headed(place, "apiVersion"), _headed(place, "kind")]):
        return None
    taken = standing(document.api_version, document.kind)
    for remark in taken.remarks:
        (place / remark.field).report(remark.rule, remark.consequence, remark.mend)
    if taken.struct is None:
        return None
    fields = fit(taken.struct, _current(document), place)
    return Object(place, fields, document.kind, document.namespace, document.name)


def _headed(place: Place, name: str) -> bool:
    value = place.document.body.get(name)
    if isinstance(value, str) and value:
        return True
    if value is None:
        (place / name).report(
            FIELD_MISSING,
            "this is no Kubernetes object, and nothing in it is read",
            f"add {name}:, or leave the file out; render a Helm chart with `helm template . | gonogo check -`",
        )
    else:
        (place / name).report(FIELD_TYPE, "holds no text: Kubernetes refuses the object", f"write {name} as text")
    return False


def _current(document: Document) -> Mapping[str, object]:
    """Return the body as apps/v1 has it: before apps/v1beta2 a selector was the template's labels unless given."""
    if document.kind != "Deployment" or document.api_version not in ("extensions/v1beta1", "apps/v1beta1"):
        return document.body
    spec = document.body.get("spec")
    if not isinstance(spec, dict) or spec.get("selector") is not None:
        return document.body
    template = spec.get("template")
    metadata = template.get("metadata") if isinstance(template, dict) else None
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    return {**document.body, "spec": {**spec, "selector": {"matchLabels": labels or {}}}}
