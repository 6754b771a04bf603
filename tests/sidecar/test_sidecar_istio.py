"""The address of an Istio proxy, and a proxy that is not gonogo's."""

from __future__ import annotations

import socket

import pytest

from gonogo.errors import EnvironmentFault, UsageError
from gonogo.manifests.host import Host
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.policy.ruling import Ruling
from gonogo.mesh.sidecar import Address, Outlet
from gonogo.sidecar.istio import IstioProxy, ProxyAddress

WEB = Host("shop", "web")
POLICY = Policy((Ruling(WEB),))


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1", ProxyAddress("127.0.0.1")),
        ("gateway.mesh:80", ProxyAddress("gateway.mesh", 80)),
        ("::1", ProxyAddress("::1")),
    ],
)
def test_an_address_may_leave_the_port_to_the_service(text: str, address: ProxyAddress) -> None:
    """A host alone, or a host and a port."""
    assert ProxyAddress.parse(text) == address


@pytest.mark.parametrize("text", ["", ":80", "gateway:http", "http://gateway", "two words"])
def test_what_is_no_address_is_refused(text: str) -> None:
    """With the form that it must have."""
    with pytest.raises(UsageError, match="is no address of a proxy"):
        ProxyAddress.parse(text)


def test_only_services_with_rules_go_through_it() -> None:
    """Each at its own port where the address leaves it open."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        outlets = (Outlet(WEB, port, None), Outlet(Host("shop", "plain"), port, None))
        proxy = IstioProxy(ProxyAddress("127.0.0.1"), POLICY, outlets)
    assert [(str(one.host), one.listen) for one in proxy.outlets] == [(str(WEB), Address("127.0.0.1", port))]


def test_a_proxy_that_has_gone_is_a_problem() -> None:
    """Before it has, there is none; beforehand it is refused."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = ProxyAddress("127.0.0.1", listening.getsockname()[1])
        proxy = IstioProxy(address, POLICY, (Outlet(WEB, 8000, None),))
        assert proxy.problem == ""
    assert "takes no connections any more" in proxy.problem
    with pytest.raises(EnvironmentFault, match="takes no connections for shop/web:8000"):
        IstioProxy(address, POLICY, (Outlet(WEB, 8000, None),))
