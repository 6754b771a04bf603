"""What the tests of batch inference share: filled tables, jobs in this process, and soak tests only when chosen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.batch_tables import Ended, Job, Table, Wire, prepared_table
from gonogo_services.batch.job import work
from gonogo_services.iris.cache import cached_model


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker of tests that take minutes."""
    config.addinivalue_line("markers", "soak: takes minutes; runs only when chosen with -m soak")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave soak tests out unless the marker expression names them."""
    if "soak" in config.option.markexpr:
        return
    soaks = [item for item in items if item.get_closest_marker("soak")]
    config.hook.pytest_deselected(items=soaks)
    items[:] = [item for item in items if item not in soaks]


@pytest.fixture(scope="session")
def model() -> Path:
    """The path of the current iris model."""
    return cached_model("iris_svc.onnx")


@pytest.fixture
def table(database_url: str) -> Iterator[Table]:
    """An empty table in a database of each kind."""
    with prepared_table(database_url) as prepared:
        yield prepared


@pytest.fixture
def sqlite_table(tmp_path: Path) -> Iterator[Table]:
    """An empty table in a SQLite file."""
    with prepared_table(f"sqlite:///{tmp_path / 'batch.db'}") as prepared:
        yield prepared


@pytest.fixture
def job(model: Path, capsys: pytest.CaptureFixture[str]) -> Job:
    """Runs a job in this process: ``job(url, "--policy", "leave")``."""

    def run(url: str, *arguments: str, **environment: str) -> Ended:
        capsys.readouterr()
        status = work(list(arguments), {"DATABASE_URL": url, "MODEL_FILEPATH": str(model), **environment})
        out, err = capsys.readouterr()
        return Ended(status, json.loads(out), err)

    return run


@pytest.fixture(params=["mariadb", "postgresql"])
def wired(request: pytest.FixtureRequest) -> Iterator[tuple[Table, Wire, str]]:
    """A table on a server, a way to it that can be cut, and the URL of that way."""
    server = request.getfixturevalue(f"{request.param}_server")
    with server.database() as name:
        wire = Wire(server.port)
        try:
            with prepared_table(server.url(name)) as prepared:
                yield prepared, wire, server.url(name, wire.port)
        finally:
            wire.close()
