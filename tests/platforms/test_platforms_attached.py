"""Attached: gonogo aims at what runs already, says so, and hurts nothing."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.patience import PATIENCE_S
from gonogo.errors import StackError, UsageError
from gonogo.manifests.findings import Source
from gonogo.manifests.topology import Service, ServicePort, Topology
from gonogo.platforms.attached import AttachedPlatform
from gonogo.platforms.interface import Endpoint

MODEL = Service("shop", "model", (ServicePort(8000, 8000),), {"app": "model"}, Source("model.yaml", 1))
OTHER = Service("shop", "other", (ServicePort(8000, 8000),), {"app": "other"}, Source("other.yaml", 1))
TOPOLOGY = Topology(services=(MODEL, OTHER))


@pytest.fixture
def port() -> Iterator[int]:
    """A port on loopback that takes connections."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def test_load_goes_to_the_given_address(port: int, tmp_path: Path) -> None:
    """An attached Service has the endpoint of its URL."""
    stack = AttachedPlatform({"model": f"http://127.0.0.1:{port}"}).start(
        TOPOLOGY, workdir=tmp_path, ready_timeout_s=PATIENCE_S
    )
    assert stack.endpoints(MODEL, 8000) == (Endpoint("127.0.0.1", port),)


def test_the_judgment_is_told_that_nothing_was_brought_up(port: int, tmp_path: Path) -> None:
    """The notes name the Service, its URL and what was not seen."""
    stack = AttachedPlatform({"model": f"http://127.0.0.1:{port}"}).start(
        TOPOLOGY, workdir=tmp_path, ready_timeout_s=PATIENCE_S
    )
    assert "model was attached at" in stack.notes()[0]
    assert stack.sample() == {}


def test_a_service_that_was_not_attached_has_no_endpoints(port: int, tmp_path: Path) -> None:
    """The message says which option would attach it."""
    stack = AttachedPlatform({"model": f"http://127.0.0.1:{port}"}).start(
        TOPOLOGY, workdir=tmp_path, ready_timeout_s=PATIENCE_S
    )
    with pytest.raises(StackError, match="not attached") as caught:
        stack.endpoints(OTHER)
    assert "--gonogo-attach other=" in caught.value.mend


def test_faults_are_refused(port: int, tmp_path: Path) -> None:
    """What gonogo did not start it does not kill."""
    stack = AttachedPlatform({"model": f"http://127.0.0.1:{port}"}).start(
        TOPOLOGY, workdir=tmp_path, ready_timeout_s=PATIENCE_S
    )
    with pytest.raises(UsageError, match="attached"):
        stack.kill("shop/model/0")


def test_an_address_that_takes_no_connection_is_told_at_once(tmp_path: Path) -> None:
    """A port nobody listens on is a stack that does not run."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    with pytest.raises(StackError, match="takes no connection"):
        AttachedPlatform({"model": f"http://127.0.0.1:{free}"}).start(
            TOPOLOGY, workdir=tmp_path, ready_timeout_s=PATIENCE_S
        )


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://127.0.0.1", "http://127.0.0.1:8000/predict", ""])
def test_what_is_no_address_of_a_service_is_refused(url: str) -> None:
    """Paths and other schemes are refused before anything is aimed."""
    with pytest.raises(UsageError, match="no address"):
        AttachedPlatform({"model": url})


def test_an_unknown_service_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    """Only Services that the manifests declare can be attached."""
    with pytest.raises(UsageError, match="modle") as caught:
        AttachedPlatform({"modle": "http://127.0.0.1:1"}).start(TOPOLOGY, workdir=tmp_path, ready_timeout_s=PATIENCE_S)
    assert "shop/model" in caught.value.mend
