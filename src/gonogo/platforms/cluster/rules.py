"""Traffic rules as the cluster holds them, for its Istio: changed through the API, and never over another's change."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from gonogo.errors import EnvironmentFault
from gonogo.platforms.cluster.api import Api, Json, Refused
from gonogo.platforms.cluster.applying import Kinds, Written, path_of
from gonogo.platforms.cluster.rewrite import Rewriter

__all__ = ["HeldRules"]

_KINDS: Final = frozenset({"DestinationRule", "VirtualService", "HTTPRoute"})
_CONFLICT: Final = 409
_HELD_S: Final = 30.0
_LOOK_S: Final = 0.05


class HeldRules:
    """The traffic rules of one stack, as they were applied and as they were changed since.

    Args:
        api: where they are held.
        kinds: what the cluster serves.
        rewriter: makes of a manifest's object what is applied.
        written: everything that was applied.
        clock: seconds.
        pause: waits for seconds.
    """

    def __init__(
        self,
        api: Api,
        kinds: Kinds,
        rewriter: Rewriter,
        written: Sequence[Written],
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self._api = api
        self._rewriter = rewriter
        self._clock = clock
        self._pause = pause
        self._paths: dict[str, str] = {}
        self._specs: dict[str, Any] = {}
        for each in written:
            kind = kinds.find(str(each.body.get("apiVersion", "")), each.kind) if each.kind in _KINDS else None
            name = (each.body.get("metadata") or {}).get("name")
            if kind is not None and name:
                body = rewriter.body(each.body, namespaced=True)
                self._paths[str(each)] = path_of(kind, body["metadata"]["namespace"], name)
                self._specs[str(each)] = api.get(self._paths[str(each)]).get("spec")

    @property
    def names(self) -> frozenset[str]:
        """The rules that are held, such as ``VirtualService shop/web``."""
        return frozenset(self._paths)

    def amend(self, objects: Sequence[Mapping[str, Any]]) -> None:
        """Hold ``objects``, whole, in place of what is held under their names; returns when the server holds them.

        Raises:
            EnvironmentFault: the server refuses one, or somebody else has changed it; those that were changed before
                are as they were.
        """
        wanted = [(name, body) for name, body in ((_name(each), each) for each in objects) if name in self._paths]
        before = [(name, self._unchanged(name)) for name, _ in wanted]
        done: list[tuple[str, Json]] = []
        try:
            for (name, body), (_, held) in zip(wanted, before, strict=True):
                applied = self._rewriter.body(body, namespaced=True)
                version = held["metadata"]["resourceVersion"]
                done.append((name, held))
                self._hold(name, applied, version)
        except EnvironmentFault:
            self._put_back(done)
            raise

    def _unchanged(self, name: str) -> Json:
        """Return the object as the server holds it.

        Raises:
            EnvironmentFault: it is gone, or its rules are no longer those that this session has applied.
        """
        try:
            held = self._api.get(self._paths[name])
        except Refused as refusal:
            raise EnvironmentFault(
                f"the cluster does not hold it any more: {refusal.what}", where=name, mend="start the stack anew"
            ) from refusal
        if held.get("spec") != self._specs[name]:
            others = [
                str(each.get("manager"))
                for each in held["metadata"].get("managedFields") or ()
                if each.get("manager") != "gonogo"
            ]
            raise EnvironmentFault(
                f"somebody else has changed it ({', '.join(others) or 'under the name gonogo'}): it is left as it is",
                where=name,
                mend="keep controllers and people from the session's namespaces, and start the stack anew",
            )
        return held

    def _hold(self, name: str, body: Json, version: str) -> None:
        """Apply ``body`` over the version that was looked at, and wait until it is read from the server."""
        metadata = {**body["metadata"], "resourceVersion": version}
        try:
            taken = self._api.apply(self._paths[name], {**body, "metadata": metadata})
        except Refused as refusal:
            why = "somebody else has just changed it" if refusal.status == _CONFLICT else refusal.what
            raise EnvironmentFault(
                f"the API server refuses the change: {why}", where=name, mend=refusal.mend
            ) from refusal
        self._specs[name] = taken.get("spec")
        begun = self._clock()
        while self._api.get(self._paths[name]).get("spec") != self._specs[name]:
            if self._clock() - begun > _HELD_S:
                raise EnvironmentFault(
                    f"the API server has taken the change and does not hold it after {_HELD_S:.0f} s",
                    where=name,
                    mend="see who else changes the object: kubectl get --show-managed-fields -o yaml",
                )
            self._pause(_LOOK_S)

    def _put_back(self, done: Sequence[tuple[str, Json]]) -> None:
        for name, held in reversed(done):
            if self._specs[name] == held.get("spec"):
                continue
            metadata = {
                key: held["metadata"][key]
                for key in ("name", "namespace", "labels", "annotations")
                if key in held["metadata"]
            }
            body = {**{key: held[key] for key in ("apiVersion", "kind", "spec")}, "metadata": metadata}
            self._specs[name] = self._api.apply(self._paths[name], body).get("spec")


def _name(body: Mapping[str, Any]) -> str:
    metadata = body["metadata"]
    return f"{body['kind']} {metadata.get('namespace') or 'default'}/{metadata['name']}"
