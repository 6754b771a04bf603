"""The parameter-based system as a whole: three services and the proxy in processes of their own."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from fixtures import client
from tests.composition.programs import Program, Start
from tests.contracts.waiting import eventually

ADMIN = {"authorization": "Bearer a-token-for-these-tests"}
FLOWER = {"data": [[5.1, 3.5, 1.4, 0.2]]}
NONSENSE = {"data": [[50.0, 30.1, 111.4, 110.2]]}


def ask(url: str, body: dict[str, Any] = FLOWER) -> httpx.Response:
    """Ask over a connection of its own, so that any worker may be the one that answers."""
    return client.post(f"{url}/predict", json=body)


def change(url: str, **changes: float) -> None:
    """Change parameters, which has to be done when this returns."""
    client.patch(f"{url}/parameters", json=changes, headers=ADMIN).raise_for_status()


def test_a_setosa_is_a_setosa_and_no_versicolor(proxy: Program) -> None:
    """The reference's first flower gets the reference's answer, without the deactivated service."""
    assert ask(proxy.url).json() == {"setosa": 1, "versicolor": 0}


def test_nonsense_is_no_flower_that_the_services_know(proxy: Program) -> None:
    """The reference's second flower gets the reference's answer."""
    assert ask(proxy.url, NONSENSE).json() == {"setosa": 0, "versicolor": 0}


def test_the_built_in_sample_goes_the_way_of_every_flower(proxy: Program) -> None:
    """GET /predict/test asks the services."""
    assert client.get(f"{proxy.url}/predict/test").json() == {"setosa": 1, "versicolor": 0}


def test_the_proxy_is_healthy(proxy: Program) -> None:
    """GET /health says so."""
    assert client.get(f"{proxy.url}/health").json() == {"health": "ok"}


def test_all_services_are_healthy(proxy: Program) -> None:
    """GET /health/all asks every service, the deactivated one too."""
    well = dict.fromkeys(("setosa", "versicolor", "virginica"), "ok")
    eventually(lambda: client.get(f"{proxy.url}/health/all").json() == well)


def test_labels_are_the_active_services(proxy: Program) -> None:
    """GET /label names what an answer has."""
    assert client.get(f"{proxy.url}/label").json() == ["setosa", "versicolor"]


def test_metadata_shows_settings_but_no_token(proxy: Program) -> None:
    """GET /metadata has the thresholds, and the token nowhere."""
    answer = client.get(f"{proxy.url}/metadata")
    assert answer.json()["current"]["parameters"]["THRESHOLD_VERSICOLOR"] == 0.85
    assert "a-token" not in answer.text


def test_each_service_answers_a_pair_that_adds_up(services: dict[str, Program]) -> None:
    """The probability of the class and that of the rest come as one pair."""
    first, second = ask(services["setosa"].url).json()["prediction"]
    assert first > 0.9
    assert abs(first + second - 1) < 1e-6


def test_what_a_deactivated_service_says_is_kept(start: Start, reference: dict[str, str]) -> None:
    """The prediction of virginica, in no answer, is read with the admin token."""
    proxy = start("composition", reference)
    ask(proxy.url)

    def kept() -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = client.get(f"{proxy.url}/collected", headers=ADMIN).json()["predictions"]
        return rows

    [row] = eventually(kept)
    assert (row["service"], row["outcome"], row["flower"]) == ("virginica", "ok", FLOWER["data"][0])


def test_the_stop_switch_holds_for_the_next_request_on_every_worker(start: Start, reference: dict[str, str]) -> None:
    """After the admin call returns, no worker of three answers with the service that was switched off."""
    proxy = start("composition", reference | {"WORKERS": "3"})
    for active in (0, 1) * 10:
        change(proxy.url, ACTIVATE_SETOSA=active)
        assert [("setosa" in ask(proxy.url).json()) == active for _ in range(6)] == [True] * 6


def test_a_worker_that_takes_a_dead_ones_place_has_the_changed_parameters(
    start: Start, reference: dict[str, str]
) -> None:
    """A change outlives the worker that made it."""
    proxy = start("composition", reference)
    change(proxy.url, ACTIVATE_SETOSA=0)
    [worker] = psutil.Process(proxy.process.pid).children()
    worker.kill()
    proxy.await_line("another one takes its place")
    assert ask(proxy.url).json() == {"versicolor": 0}


def test_sighup_reads_the_config_file_again(start: Start, reference: dict[str, str], tmp_path: Path) -> None:
    """What the file says by then holds on every worker, and counts more than the environment."""
    config = tmp_path / "parameters"
    config.write_text("THRESHOLD_SETOSA=0.9\n")
    proxy = start("composition", reference | {"WORKERS": "2", "CONFIG_FILE": str(config)})
    assert ask(proxy.url).json() == {"setosa": 1, "versicolor": 0}
    config.write_text("THRESHOLD_SETOSA=1\nACTIVATE_VERSICOLOR=0\n")
    os.kill(proxy.process.pid, signal.SIGHUP)
    proxy.await_line("by SIGHUP at")
    assert [ask(proxy.url).json() for _ in range(6)] == [{"setosa": 0}] * 6


def test_a_config_file_that_cannot_be_used_changes_nothing(
    start: Start, reference: dict[str, str], tmp_path: Path
) -> None:
    """SIGHUP with a bad file is logged with the variable's name, and the old parameters hold."""
    config = tmp_path / "parameters"
    config.write_text("")
    proxy = start("composition", reference | {"CONFIG_FILE": str(config)})
    config.write_text("ACTIVATE_SETOSA=0\nTHRESHOLD_VERSICOLOR=1.5\n")
    os.kill(proxy.process.pid, signal.SIGHUP)
    assert "THRESHOLD_VERSICOLOR='1.5'" in proxy.await_line("SIGHUP changed nothing: .*").group()
    assert ask(proxy.url).json() == {"setosa": 1, "versicolor": 0}


def test_a_change_is_logged_with_who_and_when(start: Start, reference: dict[str, str]) -> None:
    """The log names the holder of the token, the time, and what was before."""
    proxy = start("composition", reference)
    change(proxy.url, THRESHOLD_SETOSA=0.5)
    line = proxy.await_line("parameters version 2: .*").group()
    assert "THRESHOLD_SETOSA 0.9 -> 0.5, by alice at 20" in line


@pytest.mark.parametrize(
    ("wrong", "variable"),
    [
        ({"THRESHOLD_SETOSA": "0,9"}, "THRESHOLD_SETOSA"),
        ({"ACTIVATE_VIRGINICA": "no"}, "ACTIVATE_VIRGINICA"),
        ({"THRESHOLD_ROSE": "0.9"}, "SERVICE_ROSE"),
    ],
)
def test_settings_that_cannot_be_used_stop_the_proxy_at_the_start(
    start: Start, reference: dict[str, str], wrong: dict[str, str], variable: str
) -> None:
    """It ends before it listens, and its last words name the variable."""
    with pytest.raises(AssertionError, match=f"composition: .*{variable}"):
        start("composition", reference | wrong)


def test_a_model_of_another_class_stops_the_service_at_the_start(start: Start, models: Path) -> None:
    """Swapped model files do not answer in each other's name."""
    with pytest.raises(AssertionError, match="tells virginica, but MODE is setosa"):
        start("iris.one_vs_rest", {"MODE": "setosa", "MODEL_FILEPATH": str(models / "iris_virginica.onnx")})
