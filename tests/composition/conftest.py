"""What the composition tests share: trained models, their services, and the proxy of the reference."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gonogo_services.iris.one_vs_rest.names import MODELS
from gonogo_services.iris.one_vs_rest.training import train
from tests.composition.programs import Program, Start, starting


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the three one-vs-rest models, freshly trained."""
    folder = tmp_path_factory.mktemp("one-vs-rest")
    for name in MODELS:
        train(name, folder / name)
    return folder


@pytest.fixture(scope="session")
def start_for_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start programs that end with the session."""
    yield from starting(tmp_path_factory)


@pytest.fixture
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start programs that end with the test."""
    yield from starting(tmp_path_factory)


@pytest.fixture(scope="session")
def services(start_for_session: Start, models: Path) -> dict[str, Program]:
    """The three one-vs-rest services, by class."""
    return {
        label: start_for_session("iris.one_vs_rest", {"MODE": label, "MODEL_FILEPATH": str(models / name)})
        for name, label in MODELS.items()
    }


@pytest.fixture(scope="session")
def reference(services: dict[str, Program]) -> dict[str, str]:
    """The environment of the reference: thresholds 0.9, 0.85 and 0.95, virginica deactivated, and an admin token."""
    return {
        **{f"SERVICE_{name.upper()}": program.url for name, program in services.items()},
        "THRESHOLD_SETOSA": "0.9",
        "THRESHOLD_VERSICOLOR": "0.85",
        "THRESHOLD_VIRGINICA": "0.95",
        "ACTIVATE_VIRGINICA": "0",
        "ADMIN_TOKEN_ALICE": "a-token-for-these-tests",
        "DEADLINE_S": "60",
        "DEFAULT_TIMEOUT_S": "60",
    }


@pytest.fixture(scope="session")
def proxy(start_for_session: Start, reference: dict[str, str]) -> Program:
    """The proxy of the reference with one worker; not to be changed."""
    return start_for_session("composition", reference)
