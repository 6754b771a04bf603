"""``gonogo doctor`` and ``gonogo images``."""

from __future__ import annotations

import pytest

from fixtures.projects import Project


def test_the_doctor_names_every_platform(project: Project) -> None:
    """A line for each, with what was found."""
    done = project.gonogo("doctor")
    assert done.returncode == 0, done.stderr
    assert "ok  platform process" in done.stdout
    assert "platform docker" in done.stdout


def test_the_doctor_says_what_to_install(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing does not fail, unless it is the session's platform."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///no/such/socket")
    done = project.gonogo("doctor")
    assert done.returncode == 0
    assert "no Docker daemon answers" in done.stdout
    assert "apt-get install docker.io" in done.stdout


@pytest.mark.parametrize("how", ["setting", "option"])
def test_what_is_needed_must_be_well(project: Project, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """The platform of the settings, and what --require names."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///no/such/socket")
    if how == "setting":
        project.write("pyproject.toml", '[tool.gonogo]\nplatform = "docker"\n')
    done = project.gonogo("doctor", *(["--require", "platform docker"] if how == "option" else []))
    assert done.returncode == 2
    assert "needed and not well: platform docker" in done.stderr


def test_an_unknown_check_is_refused(project: Project) -> None:
    """By naming those that there are."""
    done = project.gonogo("doctor", "--require", "luck")
    assert done.returncode == 2
    assert "there is no check 'luck'; choose from: platform process" in done.stderr


def test_an_unknown_image_is_refused_before_anything_is_built(project: Project) -> None:
    """By naming those that ship; no daemon is needed for that."""
    done = project.gonogo("images", "build", "rose")
    assert done.returncode == 2
    assert "no image 'rose' ships with gonogo; choose from: gonogo/iris" in done.stderr


def test_images_need_a_daemon(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says how to get one."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///no/such/socket")
    done = project.gonogo("images", "build", "iris")
    assert done.returncode == 2
    assert "no Docker daemon answers" in done.stderr
