"""What the image tests share: trained models, their model servers, and a proxy before each."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from gonogo_services.images.recipes import RECIPES
from gonogo_services.images.training import train, write_samples
from tests.composition.programs import Program, Start, starting


class System(NamedTuple):
    """A model server and the proxy before it."""

    server: Program
    grpc: str
    proxy: Program


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both models, their labels and the samples, freshly made."""
    folder = tmp_path_factory.mktemp("images")
    for name in RECIPES:
        accuracy = train(name, folder)
        (folder / f"{name}.accuracy").write_text(str(accuracy))
    write_samples(folder)
    return folder


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start programs that end with the session."""
    yield from starting(tmp_path_factory)


def start_system(start: Start, trained: Path, name: str) -> System:
    """Start a model server and the proxy before it."""
    server = start("model_server", {"MODEL_FILEPATH": str(trained / f"{name}.onnx"), "GRPC_PORT": "0"})
    grpc = server.await_line(r"gRPC is served at (\S+)")[1]
    proxy = start("images", proxy_environment(trained, name, server.url, grpc))
    return System(server, grpc, proxy)


def proxy_environment(trained: Path, name: str, rest: str, grpc: str) -> dict[str, str]:
    """Return the environment of a proxy before a model server."""
    return {
        "REST": rest,
        "GRPC": grpc,
        "MODEL_SPEC_NAME": name,
        "LABEL_PATH": str(trained / f"{name}.json"),
        "SAMPLE_IMAGE_PATH": str(trained / "cat.jpg"),
        "TIMEOUT_MS": "60000",
    }


@pytest.fixture(scope="session")
def general(start: Start, trained: Path) -> System:
    """The general model behind its proxy."""
    return start_system(start, trained, "general")


@pytest.fixture(scope="session")
def plant(start: Start, trained: Path) -> System:
    """The plant model behind its proxy."""
    return start_system(start, trained, "plant")


@pytest.fixture(scope="session")
def request_of(trained: Path) -> dict[str, dict[str, str]]:
    """A request for each sample image: cat and iris."""
    return {
        name: {"image_data": base64.b64encode((trained / f"{name}.jpg").read_bytes()).decode()}
        for name in ("cat", "iris")
    }
