"""Names of Services in Docker: who is called what, and who needs a forwarder."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gonogo.manifests.topology import Autoscaler, ConfigMapVolume, Scaling, Service, ServicePort
from gonogo.platforms.docker.names import aliases, direct, forwarded, pack, search_list
from tests.contracts.topologies import SOURCE, container, deployment, service, topology

CALLER = deployment("caller", container(env={"TARGET": "http://web/"}))


def test_a_service_has_the_names_of_a_cluster() -> None:
    """Short, with its namespace, and in full."""
    declared = topology(deployment("web"))
    assert aliases(declared.services[0], declared) == ("web", "web.shop", "web.shop.svc", "web.shop.svc.cluster.local")


def test_a_short_name_of_two_namespaces_is_nobodys() -> None:
    """Docker's aliases hold for the whole network: the search list finds the one of the own namespace."""
    declared = topology(deployment("web"), deployment("web", namespace="depot"))
    assert "web" not in [name for each in declared.services for name in aliases(each, declared)]
    assert search_list("depot")[0] == "depot.svc.cluster.local"


def test_one_replica_on_its_own_port_is_reached_directly() -> None:
    """Its name leads to it, whoever calls."""
    declared = topology(deployment("web"), CALLER)
    assert direct(declared.service("web"), declared)
    assert forwarded(declared) == ()


@pytest.mark.parametrize(
    ("replicas", "port"), [(2, 8000), (1, 80)], ids=["several replicas", "another port than the container's"]
)
def test_what_a_name_cannot_lead_to_is_forwarded(replicas: int, port: int) -> None:
    """Connections must be spread over ready replicas, or come to another port."""
    declared = topology(deployment("web", replicas=replicas), CALLER, services=(service("web", port, 8000),))
    assert [each.name for each in forwarded(declared)] == ["web"]


def test_replicas_that_an_autoscaler_may_add_count() -> None:
    """One replica today may be three under load."""
    never = Scaling(0.0, ())
    scaler = Autoscaler("shop", "web", "web", SOURCE, 1, 3, 0.5, never, never)
    declared = replace(topology(deployment("web"), CALLER), autoscalers=(scaler,))
    assert [each.name for each in forwarded(declared)] == ["web"]


def test_what_nobody_names_needs_no_forwarder() -> None:
    """Only a name in a variable, an argument, a command or a mounted file is a call."""
    declared = topology(deployment("web", replicas=2), deployment("other", container(env={"X": "web-site webs"})))
    assert forwarded(declared) == ()


@pytest.mark.parametrize(
    "caller",
    [
        deployment("caller", container(args=("--upstream", "web.shop:80"))),
        deployment("caller", container(command=("curl", "http://web"))),
        deployment("caller", volumes=(ConfigMapVolume("conf", {"a": b"upstream: web"}),)),
    ],
    ids=["argument", "command", "file"],
)
def test_a_name_is_found_wherever_it_stands(caller: object) -> None:
    """The texts that a container is told are all looked through."""
    declared = topology(deployment("web", replicas=2), caller)  # type: ignore[arg-type] # a workload
    assert [each.name for each in forwarded(declared)] == ["web"]


def _service(name: str, *ports: int) -> Service:
    return Service("shop", name, tuple(ServicePort(port, port) for port in ports), {}, SOURCE)


def test_services_share_a_forwarder_unless_a_port_is_in_common() -> None:
    """A forwarder has one address, so each port can be one Service's only."""
    a, b, c = _service("a", 80), _service("b", 80, 81), _service("c", 82)
    assert pack((a, b, c)) == ((a, c), (b,))
