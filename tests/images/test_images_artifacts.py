"""The files of the image services in the store ``trained://``: models, labels and samples by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gonogo_services.errors import ModelError, StoreError
from gonogo_services.images.artifacts import train
from gonogo_services.images.recipes import RECIPES, SAMPLES
from gonogo_services.iris.recipes import TRAINERS
from gonogo_services.model_store.trained import TrainedStore


def test_the_store_brings_what_is_no_model_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Samples are drawn on first use and come whole."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert b"".join(TrainedStore("trained://").chunks("cat.jpg")).startswith(b"\xff\xd8\xff")


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the labels of the plant model were asked for."""
    folder = tmp_path_factory.mktemp("again")
    train("plant.json", folder / "plant.json")
    return folder


def test_labels_come_with_their_model(again: Path) -> None:
    """What is made for one name is there for the other."""
    assert json.loads((again / "plant.json").read_text()) == list(RECIPES["plant"].labels)
    assert (again / "plant.onnx").stat().st_size > 10_000


def test_training_gives_the_same_bytes_every_time(again: Path, trained: Path) -> None:
    """A model is its recipe."""
    assert (again / "plant.onnx").read_bytes() == (trained / "plant.onnx").read_bytes()


def test_every_file_of_the_recipes_can_be_had() -> None:
    """Models, labels and samples of every recipe have a trainer."""
    names = {f"{name}.{kind}" for name in RECIPES for kind in ("onnx", "json")} | set(SAMPLES)
    assert names <= set(TRAINERS)


def test_what_there_is_not_is_named(tmp_path: Path) -> None:
    """The message lists what there is."""
    with pytest.raises(ModelError, match=r"no file of the image services is called 'x\.onnx'"):
        train("x.onnx", tmp_path / "x.onnx")
    with pytest.raises(StoreError, match=r"x\.onnx"):
        list(TrainedStore("trained://").chunks("x.onnx"))
