"""The iris models are what scikit-learn trained, and are kept from their first use on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gonogo_services.errors import ModelError
from gonogo_services.iris.cache import cache_folder, cached_model
from gonogo_services.iris.classifier import Classifier
from gonogo_services.iris.training import (
    TOLERANCE,
    check_parity,
    export,
    iris_data,
    support_vector_machine,
    train,
)


def test_onnx_answers_what_scikit_learn_answers(classifier: Classifier) -> None:
    """For all 150 flowers the served probabilities are those of the trained pipeline to 1e-5."""
    lengths, classes = iris_data()
    pipeline = support_vector_machine().fit(lengths, classes)
    np.testing.assert_allclose(
        classifier.probabilities(lengths), pipeline.predict_proba(lengths), rtol=0, atol=TOLERANCE
    )


def test_the_model_knows_its_flowers(classifier: Classifier) -> None:
    """At least 95 % of the flowers that it was trained on get their own name."""
    lengths, classes = iris_data()
    names = np.array(["setosa", "versicolor", "virginica"])[classes]
    assert np.mean(np.array(classifier.labels(lengths)) == names) >= 0.95


def test_training_again_gives_the_same_bytes(svc_path: Path, tmp_path: Path) -> None:
    """Two trainings of one recipe cannot be told apart."""
    train("iris_svc.onnx", tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == svc_path.read_bytes()


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
    with pytest.raises(ModelError, match=r"no recipe trains 'rose.onnx'; there are: iris_svc.onnx"):
        train("rose.onnx", tmp_path / "rose.onnx")


def test_a_cached_model_is_not_trained_again(tmp_path: Path) -> None:
    """What the cache holds is given as it is."""
    environment = {"XDG_CACHE_HOME": str(tmp_path)}
    kept = cache_folder(environment) / "iris_svc.onnx"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"kept")
    assert cached_model("iris_svc.onnx", environment).read_bytes() == b"kept"


def test_the_cache_of_other_libraries_is_another_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A new version of a library leads to another folder."""
    environment = {"XDG_CACHE_HOME": str(tmp_path)}
    before = cache_folder(environment)
    monkeypatch.setattr("gonogo_services.iris.cache.version", lambda _: "99")
    assert cache_folder(environment) != before


def test_a_relative_cache_home_is_ignored(tmp_path: Path) -> None:
    """As the XDG specification says, a relative XDG_CACHE_HOME counts as not set."""
    folder = cache_folder({"XDG_CACHE_HOME": "here", "HOME": str(tmp_path)})
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
