"""Every Service and replica has a loopback address of its own."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.errors import EnvironmentFault
from gonogo.platforms.process.addresses import BLOCKS, plan_addresses
from tests.contracts.topologies import deployment, service, topology


def test_addresses_can_be_read() -> None:
    """127.B.0.n is the n-th Service, 127.B.w.r the r-th replica of the w-th workload."""
    plan = plan_addresses(topology(deployment("a"), deployment("b", replicas=2)), 7)
    assert plan.services == {("shop", "a"): "127.7.0.1", ("shop", "b"): "127.7.0.2"}
    assert plan.replicas == {"shop/a/0": "127.7.1.1", "shop/b/0": "127.7.2.1", "shop/b/1": "127.7.2.2"}


@given(st.lists(st.integers(0, 5), max_size=8), st.sampled_from(BLOCKS))
def test_no_two_share_an_address(replicas: list[int], block: int) -> None:
    """Addresses are loopback, inside the block, and different."""
    declared = topology(*(deployment(f"w{number}", replicas=count) for number, count in enumerate(replicas)))
    plan = plan_addresses(declared, block)
    addresses = [*plan.services.values(), *plan.replicas.values()]
    assert len(set(addresses)) == len(addresses) == len(replicas) + sum(replicas)
    assert all(ip_address(address).is_loopback and address.startswith(f"127.{block}.") for address in addresses)


def test_a_service_is_found_by_namespace_and_name() -> None:
    """Services of one name in two namespaces have two addresses."""
    first, second = service("web", namespace="one"), service("web", namespace="two")
    plan = plan_addresses(topology(services=(first, second)), 9)
    assert plan.service(first) != plan.service(second)


def test_more_replicas_than_addresses_are_refused() -> None:
    """The message says how many there can be."""
    with pytest.raises(EnvironmentFault, match=r"255 replicas of Deployment shop/web.*254"):
        plan_addresses(topology(deployment(replicas=255)), 7)
