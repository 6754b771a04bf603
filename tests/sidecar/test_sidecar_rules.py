"""Traffic rules that cannot be carried out are refused before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from gonogo.errors import ManifestError
from gonogo.wiring import order_sidecar, read_manifests
from tests.mesh.world import Stack, manifests

GENERATOR = """---
apiVersion: v1
kind: Pod
metadata:
  name: client
  namespace: mesh
  annotations: ANNOTATIONS
spec:
  containers: [{name: client, image: 'client:1'}]
"""
SUBSETS = "subsets: [{name: svc, labels: {version: svc}}, {name: rf, labels: {version: rf}}]"
DESTINATION = f"DestinationRule\nhost: NAME\n{SUBSETS}\n---\n"
TO = "{destination: {host: NAME, subset: SUBSET}, weight: WEIGHT}"
HALF = TO.replace("SUBSET", "svc").replace("WEIGHT", "50")
SPLIT = f"  - route: [{HALF}, {TO.replace('SUBSET', 'rf').replace('WEIGHT', '40')}]"


def write(folder: Path, rules: str, annotations: str = "") -> Path:
    """Write a stack with ``rules`` and, with annotations, a generator."""
    text = manifests({"iris": Stack(rules)})
    if annotations:
        text += GENERATOR.replace("ANNOTATIONS", annotations)
    file = folder / "stack.yaml"
    file.write_text(text)
    return file


def routed(*lines: str) -> str:
    """Return a VirtualService with these lines under ``http``."""
    return "\n".join(["VirtualService", "hosts: [NAME]", "http:", *lines, ""])


def leading(**fields: str) -> str:
    """Return a route to a Service or subset."""
    return "  - route: [{destination: {" + ", ".join(f"{name}: {value}" for name, value in fields.items()) + "}}]"


RULES = {
    "weights of 90": (DESTINATION + routed(SPLIT), "90"),
    "unknown subset": (DESTINATION + routed(leading(host="NAME", subset="xx")), "xx"),
    "invalid regex": (routed("  - match: [{uri: {regex: '('}}]", "    route: [{destination: {host: NAME}}]"), r"\("),
    "rule for no Service": (
        "DestinationRule\nhost: nobody\ntrafficPolicy: {connectionPool: {tcp: {maxConnections: 1}}}\n",
        "nobody",
    ),
    "route to no Service": (routed(leading(host="nobody")), "nobody"),
    "two rules for one Service": ("---\n".join(2 * [routed(leading(host="NAME"))]), "iris"),
    "contradiction": (routed(leading(host="NAME"), "    redirect: {uri: /elsewhere}"), "exclude each other"),
}


@pytest.mark.parametrize("case", RULES)
def test_a_rule_that_cannot_act_is_refused(tmp_path: Path, case: str) -> None:
    """The message has the file, the object and the mend."""
    rules, message = RULES[case]
    declared = read_manifests([write(tmp_path, rules)])
    with pytest.raises(ManifestError, match=message) as raised:
        order_sidecar(declared)
    assert raised.value.where.startswith(str(tmp_path))
    assert raised.value.mend


def test_manifests_without_rules_want_no_sidecar(tmp_path: Path) -> None:
    """Nothing is started for them."""
    assert not order_sidecar(read_manifests([write(tmp_path, "")])).wanted


def test_a_generator_can_do_without_a_sidecar(tmp_path: Path) -> None:
    """With inject false on the generator's Pod the rules do not act, and a notice for each of them says so."""
    annotations = "{gonogo.dev/role: generator, sidecar.istio.io/inject: 'false'}"
    declared = read_manifests([write(tmp_path, DESTINATION.removesuffix("---\n"), annotations)])
    assert not order_sidecar(declared).wanted
    assert [finding.rule for finding in declared.dormant] == ["traffic-policy-unread"]


def test_the_generators_annotations_order_its_sidecar(tmp_path: Path) -> None:
    """Concurrency on the generator's Pod is that of the sidecar."""
    annotations = "{gonogo.dev/role: generator, proxy.istio.io/config: 'concurrency: 2'}"
    declared = read_manifests([write(tmp_path, DESTINATION.removesuffix("---\n"), annotations)])
    assert order_sidecar(declared).workers == 2
