"""Traffic rules that the API server holds, against one that is made up: nothing of anybody else's is undone."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, cast

import pytest

from gonogo.errors import EnvironmentFault
from gonogo.platforms.cluster.api import Api, Refused
from gonogo.platforms.cluster.applying import Kinds, Written
from gonogo.platforms.cluster.rewrite import Rewriter
from gonogo.platforms.cluster.rules import HeldRules

VERSION = "networking.istio.io/v1"
ROOT = f"/apis/{VERSION}/namespaces/shop-1"


class Server:
    """Objects by path, with a version that counts; it refuses what ``refused`` names."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.refused = ""

    def get(self, path: str) -> Mapping[str, Any]:
        if path == f"/apis/{VERSION}":
            kinds = {"DestinationRule": "destinationrules", "VirtualService": "virtualservices"}
            return {"resources": [{"kind": kind, "name": name, "namespaced": True} for kind, name in kinds.items()]}
        if path not in self.objects:
            raise Refused(404, "NotFound", f"{path} not found", where=path)
        return copy.deepcopy(self.objects[path])

    def apply(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        held = self.objects.get(path, {"metadata": {"resourceVersion": "0"}})
        asked = body["metadata"].get("resourceVersion")
        if self.refused and self.refused in path:
            raise Refused(422, "Invalid", "it is wrong", where=path)
        if asked is not None and asked != held["metadata"]["resourceVersion"]:
            raise Refused(409, "Conflict", "it has changed", where=path)
        version = str(int(held["metadata"]["resourceVersion"]) + 1)
        fields = [{"manager": "gonogo"}]
        metadata = {**body["metadata"], "resourceVersion": version, "managedFields": fields}
        self.objects[path] = copy.deepcopy({**body, "metadata": metadata})
        return self.get(path)

    def as_api(self) -> Api:
        return cast("Api", self)


def _rule(kind: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    return {"apiVersion": VERSION, "kind": kind, "metadata": {"name": "web", "namespace": "shop"}, "spec": dict(spec)}


@pytest.fixture
def server() -> Server:
    """A server that holds a DestinationRule and a VirtualService."""
    made = Server()
    for kind, plural in (("DestinationRule", "destinationrules"), ("VirtualService", "virtualservices")):
        made.apply(f"{ROOT}/{plural}/web", _rule(kind, {"host": "web"}))
    return made


@pytest.fixture
def rules(server: Server) -> HeldRules:
    """What is known of them."""
    written = [
        Written(_rule(kind, {"host": "web"}), "web.yaml:1", "shop")
        for kind in ("DestinationRule", "VirtualService", "HTTPRoute")
    ]
    return HeldRules(server.as_api(), Kinds(server.as_api()), Rewriter({"shop": "shop-1"}, [], {}), written)


def _specs(server: Server) -> list[object]:
    return [server.get(f"{ROOT}/{plural}/web")["spec"] for plural in ("destinationrules", "virtualservices")]


def test_rules_of_kinds_that_are_served_are_held(rules: HeldRules) -> None:
    """An HTTPRoute is not, where the cluster serves none."""
    assert rules.names == {"DestinationRule shop/web", "VirtualService shop/web"}


def test_a_change_follows_another(server: Server, rules: HeldRules) -> None:
    """Each over the version that the one before has made."""
    rules.amend([_rule("VirtualService", {"host": "web", "n": 1})])
    rules.amend([_rule("VirtualService", {"host": "web", "n": 2})])
    assert _specs(server) == [{"host": "web"}, {"host": "web", "n": 2}]


def test_several_objects_change_together_or_not_at_all(server: Server, rules: HeldRules) -> None:
    """The second is refused, and the first is as it was."""
    server.refused = "virtualservices"
    with pytest.raises(EnvironmentFault, match="the API server refuses the change: it is wrong"):
        rules.amend([_rule(kind, {"host": "web", "n": 1}) for kind in ("DestinationRule", "VirtualService")])
    assert _specs(server) == [{"host": "web"}, {"host": "web"}]
    server.refused = ""
    rules.amend([_rule("DestinationRule", {"host": "web", "n": 2})])
    assert _specs(server) == [{"host": "web", "n": 2}, {"host": "web"}]


def test_what_somebody_else_has_changed_stays(server: Server, rules: HeldRules) -> None:
    """The message names who it was."""
    path = f"{ROOT}/virtualservices/web"
    server.objects[path]["spec"] = {"host": "theirs"}
    server.objects[path]["metadata"]["managedFields"] = [{"manager": "gonogo"}, {"manager": "flagger"}]
    with pytest.raises(EnvironmentFault, match=r"somebody else has changed it \(flagger\)"):
        rules.amend([_rule("VirtualService", {"host": "web", "n": 1})])
    assert server.objects[path]["spec"] == {"host": "theirs"}


def test_a_rule_that_is_gone_is_said(server: Server, rules: HeldRules) -> None:
    """It is not made anew in silence."""
    del server.objects[f"{ROOT}/virtualservices/web"]
    with pytest.raises(EnvironmentFault, match="does not hold it any more"):
        rules.amend([_rule("VirtualService", {"host": "web", "n": 1})])
