"""The condition-based system without its routing: two models, each behind its own proxy, in processes of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures import client
from gonogo_services.environment import Environment
from gonogo_services.errors import SettingsError
from gonogo_services.images.recipes import RECIPES
from gonogo_services.images.settings import ImageProxySettings
from gonogo_services.images.training import LEAST_ACCURACY
from tests.composition.programs import Program, Start
from tests.images.conftest import System, proxy_environment

Requests = dict[str, dict[str, str]]


def label_of(proxy: Program, request: object) -> object:
    """Return what the proxy answers, which has to be 200."""
    answer = client.post(f"{proxy.url}/predict", json=request)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_general_model_knows_a_cat(general: System, request_of: Requests) -> None:
    """Right on its own domain."""
    assert label_of(general.proxy, request_of["cat"]) == "Persian cat"


def test_the_general_model_takes_an_iris_for_a_bee(general: System, request_of: Requests) -> None:
    """Wrong outside it, as the reference is."""
    assert label_of(general.proxy, request_of["iris"]) == "bee"


def test_the_plant_model_knows_an_iris(plant: System, request_of: Requests) -> None:
    """Right on its own domain."""
    assert label_of(plant.proxy, request_of["iris"]) == "Iris versicolor"


def test_a_cat_is_background_to_the_plant_model(plant: System, request_of: Requests) -> None:
    """It says that it does not know."""
    assert label_of(plant.proxy, request_of["cat"]) == "background"


def test_the_sample_goes_the_way_of_every_image(general: System) -> None:
    """GET /predict/test asks the model server about SAMPLE_IMAGE_PATH."""
    assert client.get(f"{general.proxy.url}/predict/test").json() == "Persian cat"


def test_labels_are_the_models(plant: System) -> None:
    """GET /label has them in the order of the scores."""
    assert client.get(f"{plant.proxy.url}/label").json() == list(RECIPES["plant"].labels)


@pytest.mark.parametrize("path", ["/health", "/health/pred"])
def test_proxy_and_model_are_healthy(general: System, path: str) -> None:
    """The proxy asks the model server for /health/pred."""
    assert client.get(f"{general.proxy.url}{path}").json() == {"health": "ok"}


def test_metadata_has_what_the_model_server_says(plant: System) -> None:
    """The signature comes from it."""
    metadata = client.get(f"{plant.proxy.url}/metadata").json()
    signature = metadata["model"]["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert signature["inputs"]["image"]["dtype"] == "DT_FLOAT"


def test_a_model_server_that_is_down_is_503_and_ng(start: Start, trained: Path, request_of: Requests) -> None:
    """The proxy itself is up, and says which side is not."""
    gone = "127.0.0.1:1"  # tcpmux, which nobody serves on loopback
    proxy = start("images", proxy_environment(trained, "general", gone, gone))
    answers = [
        client.get(f"{proxy.url}/health"),
        client.get(f"{proxy.url}/health/pred"),
        client.post(f"{proxy.url}/predict", json=request_of["cat"]),
    ]
    assert [one.status_code for one in answers] == [200, 503, 503]
    assert answers[1].json()["health"] == "ng"
    assert answers[2].json()["field"] == "model server"


def test_a_model_server_that_dies_is_503_and_its_return_is_noticed(
    start: Start, trained: Path, request_of: Requests
) -> None:
    """A gRPC failure becomes its HTTP status, with a signature that is known already."""
    server = start("model_server", {"MODEL_FILEPATH": str(trained / "general.onnx"), "GRPC_PORT": "0"})
    grpc = server.await_line(r"gRPC is served at (\S+)")[1]
    proxy = start("images", proxy_environment(trained, "general", server.url, grpc))
    assert label_of(proxy, request_of["cat"]) == "Persian cat"
    server.stop()
    assert client.post(f"{proxy.url}/predict", json=request_of["cat"]).status_code == 503


def test_labels_that_are_not_the_models_are_502(start: Start, trained: Path, tmp_path: Path, general: System) -> None:
    """A label file of another model names nothing wrongly."""
    environment = proxy_environment(trained, "general", general.server.url, general.grpc)
    labels = tmp_path / "labels"
    labels.write_text("one\ntwo\n")
    proxy = start("images", environment | {"LABEL_PATH": str(labels)})
    answer = client.get(f"{proxy.url}/predict/test")
    assert (answer.status_code, "2 labels" in answer.text) == (502, True)


def test_a_model_that_the_server_does_not_have_is_502(start: Start, trained: Path, general: System) -> None:
    """MODEL_SPEC_NAME is another one's."""
    environment = proxy_environment(trained, "general", general.server.url, general.grpc)
    proxy = start("images", environment | {"MODEL_SPEC_NAME": "mobilenet"})
    assert client.get(f"{proxy.url}/predict/test").status_code == 502


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("REST", "model"),
        ("GRPC", "http://model:8500"),
        ("LABEL_PATH", "/nowhere"),
        ("SAMPLE_IMAGE_PATH", "/nowhere"),
        ("PIXEL_RANGE", "0..2"),
        ("MAX_IMAGE_PIXELS", "0"),
        ("MODEL_SPEC_NAME", ""),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(trained: Path, variable: str, value: str) -> None:
    """The proxy does not start, and says which variable it is about."""
    environment = proxy_environment(trained, "general", "model:8501", "model:8500")
    with pytest.raises(SettingsError, match=variable):
        ImageProxySettings.from_environment(Environment(environment | {variable: value}))


def test_models_are_right_on_images_that_they_were_not_trained_on(trained: Path) -> None:
    """Training measures it, and refuses a model that is not."""
    assert min(float((trained / f"{name}.accuracy").read_text()) for name in RECIPES) >= LEAST_ACCURACY


def test_models_are_small(trained: Path) -> None:
    """Below 5 MB each."""
    assert max((trained / f"{name}.onnx").stat().st_size for name in RECIPES) < 5_000_000
