"""Address blocks are taken by one stack at a time; ports in use are told with their owner."""

from __future__ import annotations

import os
import socket

import pytest

from gonogo.errors import EnvironmentFault
from gonogo.platforms.process import network
from gonogo.platforms.process.addresses import PortNeed
from gonogo.platforms.process.network import check_ports, claim_block


def test_two_claims_get_two_blocks() -> None:
    """Also when both begin to look at the same place."""
    first, one = claim_block(5)
    second, two = claim_block(5)
    with one, two:
        assert first != second


def test_a_block_is_free_again_when_its_claim_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel releases it, however the holder ends."""
    monkeypatch.setattr(network, "BLOCKS", range(255, 256))
    _, claim = claim_block(0)
    with claim, pytest.raises(EnvironmentFault, match="all 1 address blocks"):
        claim_block(0)
    _, again = claim_block(0)
    again.close()


def test_free_ports_are_no_fault() -> None:
    """A port that was just closed is free."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    check_ports([PortNeed("web", "127.0.0.1", port)])


def test_every_taken_port_is_told_with_its_owner() -> None:
    """Who needs it, which address, and who has it, for all of them at once."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        ports = [server.getsockname()[1] for server in (one, two)]
        with pytest.raises(EnvironmentFault) as caught:
            check_ports([PortNeed("web", "127.0.0.1", port) for port in ports])
    said = str(caught.value)
    assert f"web needs 127.0.0.1:{ports[0]}, which is in use by" in said
    assert f"(pid {os.getpid()}) at 127.0.0.1:{ports[1]}" in said
