"""Settings come from the environment, and a wrong one names its variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from gonogo_services.environment import Environment
from gonogo_services.errors import ModelError, SettingsError
from gonogo_services.iris.settings import IrisSettings
from gonogo_services.model_file import ModelFile
from gonogo_services.model_store.settings import LoaderSettings
from gonogo_services.serving.restarts import RestartBudget
from gonogo_services.serving.settings import ServerSettings


def test_an_empty_environment_serves_on_loopback() -> None:
    """The defaults are one worker on 127.0.0.1:8000."""
    settings = ServerSettings.from_environment(Environment({}))
    assert (settings.host, settings.port, settings.workers, settings.access_log) == ("127.0.0.1", 8000, 1, False)


def test_the_environment_is_read() -> None:
    """Each variable reaches its setting."""
    values = {
        "HOST": "0.0.0.0",  # noqa: S104 - only read, nothing is bound
        "PORT": "0",
        "WORKERS": "8",
        "LOG_LEVEL": "WARNING",
        "ACCESS_LOG": "1",
        "GRACE_S": "3",
    }
    assert ServerSettings.from_environment(Environment(values)) == ServerSettings(
        host=values["HOST"], port=0, workers=8, log_level="warning", access_log=True, grace_s=3
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOST", ""),
        ("PORT", "http"),
        ("PORT", ""),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("PORT", "8000.0"),
        ("WORKERS", "0"),
        ("WORKERS", "257"),
        ("WORKERS", "1_0"),
        ("WORKERS", " 8"),
        ("WORKERS", "٨"),
        ("LOG_LEVEL", "loud"),
        ("ACCESS_LOG", "yes"),
        ("GRACE_S", "soon"),
    ],
)
def test_a_wrong_server_setting_names_its_variable(name: str, value: str) -> None:
    """The message begins with the variable."""
    with pytest.raises(SettingsError, match=f"^{name}[= ]"):
        ServerSettings.from_environment(Environment({name: value}))


@pytest.mark.parametrize(
    ("name", "value"), [("MODEL_FILEPATH", ""), ("INTRA_OP_THREADS", "0"), ("INTRA_OP_THREADS", "all")]
)
def test_a_wrong_iris_setting_names_its_variable(name: str, value: str) -> None:
    """The message begins with the variable; without a model there is no default one."""
    with pytest.raises(SettingsError, match=f"^{name}"):
        IrisSettings.from_environment(Environment({"MODEL_FILEPATH": "/m", name: value}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MODEL_STORE", ""),
        ("MODEL_NAME", ""),
        ("MODEL_NAME", "../secret"),
        ("MODEL_NAME", "/etc/passwd"),
        ("MODEL_NAME", "a\nb"),
        ("MODEL_FILEPATH", ""),
        ("MODEL_FILEPATH", "/"),
        ("MODEL_SHA256", "abc"),
    ],
)
def test_a_wrong_loader_setting_names_its_variable(name: str, value: str) -> None:
    """The message begins with the variable."""
    good = {"MODEL_STORE": "/store", "MODEL_NAME": "iris_svc.onnx", "MODEL_FILEPATH": "/models/iris_svc.onnx"}
    with pytest.raises(SettingsError, match=f"^{name}"):
        LoaderSettings.from_environment(Environment({**good, name: value}))


@pytest.mark.parametrize("kind", ["missing", "folder", "empty", "beneath a file"])
def test_an_unusable_model_file_names_its_path(kind: str, tmp_path: Path) -> None:
    """Whatever is wrong with the file, its path is in the message."""
    path = tmp_path / "iris_svc.onnx"
    if kind == "folder":
        path.mkdir()
    elif kind == "empty":
        path.touch()
    elif kind == "beneath a file":
        (tmp_path / "file").touch()
        path = tmp_path / "file" / "iris_svc.onnx"
    with pytest.raises(ModelError, match=str(path)):
        ModelFile.read(path)


def test_the_restart_budget_counts_within_its_window() -> None:
    """Two deaths within 10 s are allowed, a third is not, and one that is 10 s old no longer counts."""
    budget = RestartBudget(deaths=2, window_s=10)
    assert [budget.allows(at_s) for at_s in (0, 1, 10, 10.5, 21)] == [True, True, True, False, True]
