"""Who carries the traffic rules out: by the settings, the platform, and what a test asks for."""

from __future__ import annotations

import pytest

from gonogo.errors import UsageError
from gonogo.manifests.syntax import parse
from gonogo.mesh import read
from gonogo.settings import Settings
from gonogo.wiring.stacks import carrier_for, unheeded
from tests.mesh.world import Stack, manifests

STICKY = """
VirtualService
hosts: [NAME]
http: [{route: [{destination: {host: NAME}}]}]
"""


@pytest.mark.parametrize(
    ("settings", "asked", "carrier"),
    [
        (Settings(platform="cluster"), "", "envoy"),
        (Settings(platform="cluster", istio_proxy="127.0.0.1"), "", "istio"),
        (Settings(platform="kind", istio_proxy="127.0.0.1:80"), "", "istio"),
        (Settings(platform="cluster", istio_proxy="127.0.0.1"), "nginx", "nginx"),
        (Settings(platform="process", istio_proxy="127.0.0.1", proxy="nginx"), "", "nginx"),
        (Settings(platform="cluster", istio_proxy="127.0.0.1", attach={"web": "http://127.0.0.1"}), "", "envoy"),
    ],
)
def test_istio_only_where_it_can_be_and_nothing_else_is_asked_for(settings: Settings, asked: str, carrier: str) -> None:
    """On a cluster that gonogo brings the stack up in, unless the test names a proxy."""
    assert carrier_for(settings, asked) == carrier


def test_load_goes_to_allowed_hosts_only() -> None:
    """A proxy elsewhere must be allowed by name."""
    away = Settings(platform="cluster", istio_proxy="gateway.example:80")
    with pytest.raises(UsageError, match=r"load may not be sent to gateway\.example"):
        carrier_for(away)
    assert carrier_for(away.model_copy(update={"allow_hosts": ("gateway.example",)})) == "istio"


def test_what_istio_has_no_field_for_is_noted() -> None:
    """Annotations of gonogo's own do nothing there."""
    policy = read(parse(manifests({"iris": Stack("DestinationRule\nhost: NAME\n", overflow="taker:8080")}), "s.yaml"))
    [note] = unheeded(policy)
    assert note.startswith("gonogo.dev/overflow of ")
    assert unheeded(read(parse(manifests({"iris": Stack(STICKY)}), "s.yaml"))) == ()
