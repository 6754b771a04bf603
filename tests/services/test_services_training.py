"""The iris models are what scikit-learn trained, and are kept from their first use on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from gonogo_services.errors import ModelError
from gonogo_services.images.names import ARTIFACTS
from gonogo_services.iris.cache import cache_folder, cached_model
from gonogo_services.iris.classifier import Classifier
from gonogo_services.iris.flower import SAMPLE
from gonogo_services.iris.one_vs_rest.names import MODELS
from gonogo_services.iris.recipes import TRAINERS, sources
from gonogo_services.iris.training import (
    RECIPES,
    TOLERANCE,
    check_parity,
    export,
    iris_data,
    random_forest,
    support_vector_machine,
    train,
)
from gonogo_services.model_file import ModelFile

CACHED = ["iris_rf.onnx", "iris_setosa.onnx", "iris_svc.onnx", "iris_versicolor.onnx", "iris_virginica.onnx"]


@pytest.fixture(params=sorted(RECIPES))
def model(request: pytest.FixtureRequest, svc_path: Path, rf_path: Path) -> Path:
    """Each trained model."""
    return {path.name: path for path in (svc_path, rf_path)}[request.param]


def _opened(path: Path) -> Classifier:
    classifier = Classifier(ModelFile.read(path))
    classifier.open()
    return classifier


def test_onnx_answers_what_scikit_learn_answers(model: Path) -> None:
    """For all 150 flowers the served probabilities are those of the trained pipeline to 1e-5."""
    lengths, classes = iris_data()
    pipeline = RECIPES[model.name]().fit(lengths, classes)
    np.testing.assert_allclose(
        _opened(model).probabilities(lengths), pipeline.predict_proba(lengths), rtol=0, atol=TOLERANCE
    )


def test_the_forest_agrees_with_scikit_learn_at_its_thresholds(forest: Classifier) -> None:
    """At the trees' thresholds as 32-bit numbers, and one step above and below, no tree takes another branch."""
    pipeline = random_forest().fit(*iris_data())
    thresholds = np.unique(np.concatenate([tree.tree_.threshold for tree in pipeline["classify"].estimators_]))
    at = thresholds.astype(np.float32)
    around = np.concatenate([at, np.nextafter(at, np.float32(-99)), np.nextafter(at, np.float32(99))])
    lengths = np.random.default_rng(7).choice(around, (20_000, 4))
    np.testing.assert_allclose(forest.probabilities(lengths), pipeline.predict_proba(lengths), rtol=0, atol=TOLERANCE)


def test_the_model_knows_its_flowers(model: Path) -> None:
    """At least 95 % of the flowers that it was trained on get their own name."""
    lengths, classes = iris_data()
    names = np.array(["setosa", "versicolor", "virginica"])[classes]
    assert np.mean(np.array(_opened(model).labels(lengths)) == names) >= 0.95


def test_the_models_are_two(classifier: Classifier, forest: Classifier) -> None:
    """For the built-in sample both say setosa, the forest with certainty and the machine without."""
    sample = np.array([SAMPLE], np.float32)
    (machine,), (trees,) = classifier.probabilities(sample), forest.probabilities(sample)
    assert trees == [1, 0, 0]
    assert 0.9 < machine[0] < 0.999


def test_models_are_small(model: Path) -> None:
    """No model file has more than 16 KiB."""
    assert model.stat().st_size <= 16 << 10


def test_training_again_gives_the_same_bytes(model: Path, tmp_path: Path) -> None:
    """Two trainings of one recipe cannot be told apart."""
    train(model.name, tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == model.read_bytes()


def test_a_model_that_differs_from_its_pipeline_is_refused() -> None:
    """An export that answers other probabilities than the pipeline raises."""
    lengths, classes = iris_data()
    pipeline = support_vector_machine().fit(lengths, classes)
    other = export(support_vector_machine().fit(lengths[::-1][:140], classes[::-1][:140]))
    with pytest.raises(ModelError, match="off scikit-learn"):
        check_parity(pipeline, other, lengths)


def test_a_refused_model_is_not_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """When the comparison fails, the file is not there."""

    def refuse(*_: object) -> None:
        raise ModelError("differs")

    monkeypatch.setattr("gonogo_services.iris.training.check_parity", refuse)
    with pytest.raises(ModelError, match="differs"):
        train("iris_svc.onnx", tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_recipe_is_named(tmp_path: Path) -> None:
    """The error says which recipes there are."""
    with pytest.raises(ModelError, match=r"no recipe trains 'rose.onnx'; there are: iris_rf.onnx, iris_svc.onnx"):
        train("rose.onnx", tmp_path / "rose.onnx")


def test_the_cache_knows_every_recipe() -> None:
    """What the training modules can train can be had from the cache, and nothing else."""
    assert sorted(TRAINERS) == sorted([*CACHED, *ARTIFACTS])
    assert sorted([*RECIPES, *MODELS]) == CACHED


@pytest.mark.parametrize("name", CACHED)
def test_the_cache_trains_on_first_use(name: str, tmp_path: Path) -> None:
    """Each model that the cache knows comes out of an empty one."""
    path = cached_model(name, {"XDG_CACHE_HOME": str(tmp_path)})
    assert onnxruntime.InferenceSession(path).get_inputs()[0].shape[1:] == [4]


@pytest.mark.parametrize("name", CACHED)
def test_a_cached_model_is_not_trained_again(name: str, tmp_path: Path) -> None:
    """What the cache holds is given as it is."""
    environment = {"XDG_CACHE_HOME": str(tmp_path)}
    kept = cache_folder(name, environment) / name
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"kept")
    assert cached_model(name, environment).read_bytes() == b"kept"


def test_the_cache_of_other_libraries_is_another_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A new version of a library leads to another folder."""
    environment = {"XDG_CACHE_HOME": str(tmp_path)}
    before = cache_folder("iris_svc.onnx", environment)
    monkeypatch.setattr("gonogo_services.iris.cache.version", lambda _: "99")
    assert cache_folder("iris_svc.onnx", environment) != before


def test_the_key_covers_what_a_recipe_is_made_of() -> None:
    """A one-vs-rest model depends on its own module and on those that it imports, and not on what serves models."""
    made_of = sources("gonogo_services.iris.one_vs_rest.training")
    assert {"one_vs_rest.training", "one_vs_rest.names", "training", "flower"} <= {
        module.removeprefix("gonogo_services.iris.") for module in made_of
    }
    assert not [module for module in made_of if "serving" in module or "app" in module]


@pytest.mark.parametrize("module", ["gonogo_services.iris.training", "gonogo_services.iris.flower"])
def test_the_cache_of_another_source_is_another_one(
    module: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A changed line, in the recipe's module or in one that it imports, leads to another folder."""
    environment = {"XDG_CACHE_HOME": str(tmp_path)}
    before = cache_folder("iris_rf.onnx", environment)

    def changed(trainer: str) -> dict[str, bytes]:
        found = sources(trainer)
        return {**found, module: found[module] + b"#"}

    monkeypatch.setattr("gonogo_services.iris.cache.sources", changed)
    assert cache_folder("iris_rf.onnx", environment) != before


def test_reading_recipes_loads_no_training_library() -> None:
    """The key is found without importing what it covers, which takes seconds."""
    code = (
        "import sys; from gonogo_services.iris.cache import cache_folder; cache_folder('iris_rf.onnx', {'HOME': '/'})"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", f"{code}; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    assert not {"sklearn", "scipy", "skl2onnx", "onnx", "onnxruntime"} & set(loaded.stdout.split())


def test_a_relative_cache_home_is_ignored(tmp_path: Path) -> None:
    """As the XDG specification says, a relative XDG_CACHE_HOME counts as not set."""
    folder = cache_folder("iris_svc.onnx", {"XDG_CACHE_HOME": "here", "HOME": str(tmp_path)})
    assert folder.is_relative_to(tmp_path / ".cache")


def test_an_unwritable_cache_names_its_folder(tmp_path: Path) -> None:
    """A cache that cannot be made says where it should have been and what to set."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelError, match=r"file/gonogo/models/.* cannot be written: .*; set XDG_CACHE_HOME"):
        cached_model("iris_svc.onnx", {"XDG_CACHE_HOME": str(tmp_path / "file")})


@pytest.mark.parametrize("name", ["../iris_svc.onnx", "a/b.onnx", "", ".."])
def test_a_name_cannot_leave_the_cache(name: str, tmp_path: Path) -> None:
    """Only a plain file name is looked up."""
    with pytest.raises(ModelError):
        cached_model(name, {"XDG_CACHE_HOME": str(tmp_path)})
