"""The kind platform's command lines, and what it makes of kind's errors; the rest is the cluster platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from gonogo.errors import AbsentPlatform, EnvironmentFault
from gonogo.platforms.kind import KindPlatform
from gonogo.platforms.kind.command import Kind, Said, run
from tests.contracts.topologies import container, deployment, topology


class Recorder:
    """Stands in for the program: answers by the words after ``kind``, and remembers what was asked."""

    def __init__(self, answers: Mapping[str, Said] | None = None) -> None:
        self.answers = answers or {}
        self.asked: list[str] = []

    def __call__(self, words: Sequence[str], timeout_s: float) -> Said:
        assert timeout_s > 0
        line = " ".join(words)
        self.asked.append(line)
        return next((said for start, said in self.answers.items() if line.startswith(start)), Said(0, "", ""))


def test_a_cluster_that_is_missing_is_created() -> None:
    """Kind get clusters does not list it: it is created by name, and waited for."""
    recorder = Recorder({"kind get": Said(0, "other\n", "")})
    assert Kind("gonogo", recorder).ensure()
    assert recorder.asked == ["kind get clusters", "kind create cluster --name gonogo --wait 120s"]


def test_a_cluster_that_is_there_is_reused() -> None:
    """Its context is written to the kubeconfig again, and nothing is created."""
    recorder = Recorder({"kind get": Said(0, "gonogo\nother\n", "")})
    assert not Kind("gonogo", recorder).ensure()
    assert recorder.asked[1:] == ["kind export kubeconfig --name gonogo"]


def test_images_are_loaded_in_one_command() -> None:
    """All images go to the cluster of that name."""
    recorder = Recorder()
    Kind("gonogo", recorder).load(["gonogo/iris:1", "gonogo/proxy:1"])
    assert recorder.asked == ["kind load docker-image gonogo/iris:1 gonogo/proxy:1 --name gonogo"]


def test_without_images_nothing_is_loaded() -> None:
    """Kind refuses an empty list, so it is not asked."""
    recorder = Recorder()
    Kind("gonogo", recorder).load([])
    assert recorder.asked == []


def test_an_error_is_told_in_the_words_of_kind() -> None:
    """The line that kind marks as the error is the message, and the command is where."""
    said = Said(
        1, "", "Creating cluster ...\nERROR: failed to create cluster: failed to pull image kindest/node\n\nmore\n"
    )
    recorder = Recorder({"kind create": said})
    with pytest.raises(EnvironmentFault, match=r"kind create cluster .*failed to pull image kindest/node.*docker info"):
        Kind("gonogo", recorder).ensure()


def test_a_silent_error_tells_its_status() -> None:
    """An error without a word is still an error."""
    with pytest.raises(EnvironmentFault, match="status 7"):
        Kind("gonogo", Recorder({"kind get": Said(7, "", "")})).ensure()


def test_a_missing_program_is_an_absent_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without kind on the PATH, the message says what to install."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(AbsentPlatform, match="install kind"):
        run(("kind", "get", "clusters"), 1.0)


def test_only_images_of_this_machine_are_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An image that the local daemon does not have is left to the node; the context asked for is kind's own."""
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    recorder = Recorder(
        {
            "kind get": Said(0, "gonogo", ""),
            "docker image inspect --format {{.Id}} there:1": Said(0, "sha256:1", ""),
            "docker image inspect": Said(1, "", "No such image"),
        }
    )
    platform = KindPlatform(run=recorder)
    declared = topology(deployment("web", container("there:1"), container("elsewhere:1", "side")))
    with pytest.raises(AbsentPlatform, match="kind-gonogo"):
        platform.start(declared, workdir=tmp_path, ready_timeout_s=1.0)
    assert "kind load docker-image there:1 --name gonogo" in recorder.asked
