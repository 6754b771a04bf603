"""Which replica stands behind which address, as the sidecar and the capture need to know it."""

from pathlib import Path
from typing import cast

from gonogo.manifests.findings import Source
from gonogo.manifests.host import Host
from gonogo.manifests.topology import Container, Service, ServicePort, Topology, Workload
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.policy.ruling import Ruling, Subset
from gonogo.platforms.interface import Endpoint, Replica, RunningStack
from gonogo.suite.outlets import outlets_of, unclear_subsets

SOURCE = Source("shop.yaml", 1)
POLICY = Policy((Ruling(Host("shop", "model"), subsets=(Subset("rf", {"version": "rf"}),)),))
BEHIND = ("svc", "rf")


class Stack:
    """One Service with a replica of each of two workloads; ``addresses`` of theirs, in this order."""

    def __init__(self, *addresses: Endpoint) -> None:
        self.addresses = addresses
        self.topology = Topology(
            workloads=tuple(
                Workload(
                    *("Deployment", "shop", name, 1, (Container("model", "shop/model:1"),), SOURCE),
                    labels={"app": "model", "version": name},
                )
                for name in BEHIND
            ),
            services=(Service("shop", "model", (ServicePort(8000, 8000),), {"app": "model"}, SOURCE),),
        )

    def replicas(self, service: str = "") -> tuple[Replica, ...]:
        """Their own addresses are nothing that load goes to."""
        assert service in ("", "shop/model")
        return tuple(Replica(f"shop/{name}/0", ready=True, address="10.0.0.1", log=Path("log")) for name in BEHIND)

    def endpoints(self, service: Service, port: int | str | None = None) -> tuple[Endpoint, ...]:
        """All of them, or those of one workload."""
        assert port == 8000
        chosen = service.selector.get("version")
        found = zip(BEHIND, self.addresses, strict=True)
        return tuple(dict.fromkeys(endpoint for name, endpoint in found if chosen in (None, name)))

    @property
    def running(self) -> RunningStack:
        """As what it stands for."""
        return cast("RunningStack", self)


def test_an_address_that_names_its_replica_has_its_labels() -> None:
    """Published ports and Pods' addresses are told apart by the name that the platform gives."""
    stack = Stack(Endpoint("127.0.0.1", 1, "shop/svc/0"), Endpoint("127.0.0.1", 2, "shop/rf/0"))
    (outlet,) = outlets_of(stack.running)
    assert [(one.replica, one.labels["version"]) for one in outlet.endpoints] == [
        ("shop/svc/0", "svc"),
        ("shop/rf/0", "rf"),
    ]
    assert unclear_subsets(POLICY, stack.running) == ()


def test_addresses_without_names_are_asked_for_by_workload() -> None:
    """Each leads to replicas of one workload only."""
    stack = Stack(Endpoint("127.0.0.1", 1), Endpoint("127.0.0.1", 2))
    (outlet,) = outlets_of(stack.running)
    assert [one.labels["version"] for one in outlet.endpoints] == list(BEHIND)
    assert unclear_subsets(POLICY, stack.running) == ()


def test_one_address_for_several_workloads_tells_no_subset() -> None:
    """A NodePort leads to all of them: the subset's rules cannot be carried out, and that is said."""
    stack = Stack(Endpoint("10.0.0.9", 30000), Endpoint("10.0.0.9", 30000))
    (outlet,) = outlets_of(stack.running)
    assert [dict(one.labels) for one in outlet.endpoints] == [{"app": "model"}]
    assert unclear_subsets(POLICY, stack.running) == ("shop/model (rf)",)
