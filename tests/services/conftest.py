"""What the tests of the services share: the trained models, and the iris service around one of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from gonogo_services.iris.app import create_app
from gonogo_services.iris.classifier import Classifier
from gonogo_services.iris.training import train
from gonogo_services.model_file import ModelFile


@pytest.fixture(scope="session")
def svc_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The support vector machine, freshly trained."""
    path = tmp_path_factory.mktemp("models") / "iris_svc.onnx"
    train("iris_svc.onnx", path)
    return path


@pytest.fixture(scope="session")
def rf_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The random forest, freshly trained."""
    path = tmp_path_factory.mktemp("models") / "iris_rf.onnx"
    train("iris_rf.onnx", path)
    return path


@pytest.fixture(scope="session")
def forest(rf_path: Path) -> Classifier:
    """The random forest, open."""
    opened = Classifier(ModelFile.read(rf_path))
    opened.open()
    return opened


@pytest.fixture(scope="session")
def classifier(svc_path: Path) -> Classifier:
    """The support vector machine, open."""
    opened = Classifier(ModelFile.read(svc_path))
    opened.open()
    return opened


@pytest.fixture
async def iris(classifier: Classifier) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the iris service in this process."""
    transport = httpx.ASGITransport(app=create_app(classifier), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://iris") as client:
        yield client
