"""The environment of a container: a small base, what the manifest declares, what only the platform knows."""

from __future__ import annotations

import pytest

from gonogo.errors import ManifestError
from gonogo.manifests.topology import EnvVar
from gonogo.platforms.process.environment import PodFacts, base_environment, container_environment, field_value

POD = PodFacts("web-0", "shop", "127.9.1.1", "uid", {"app": "web"}, {"note": "hello"})


def environment(*variables: EnvVar) -> dict[str, str]:
    """Return the environment of a container that declares ``variables``, values in capitals for rewritten."""
    return container_environment(
        variables, {"PATH": "/bin"}, rewrite=lambda value, _: value.upper(), pod=POD, where="here"
    )


def test_the_base_keeps_what_programs_need() -> None:
    """Of the shell's variables only the documented ones stay."""
    base = base_environment({"HOME": "/me", "TMPDIR": "/t", "AWS_SECRET": "x", "PYTHONPATH": "/p"}, "/venv/bin/python")
    assert set(base) == {"HOME", "TMPDIR", "PATH", "PYTHONUNBUFFERED"}


def test_the_scripts_beside_the_interpreter_come_first() -> None:
    """`uvicorn` in a command is the one that is installed with gonogo; no folder stands twice."""
    assert base_environment({"PATH": "/bin:/venv/bin"}, "/venv/bin/python")["PATH"] == "/venv/bin:/bin"


def test_declared_values_are_rewritten() -> None:
    """What the manifest declares goes through the rewriter."""
    assert environment(EnvVar("MODE", "fast"))["MODE"] == "FAST"


def test_host_is_given_unless_declared() -> None:
    """HOST is the replica's address; a manifest that sets it keeps its say."""
    assert environment()["HOST"] == "127.9.1.1"
    assert environment(EnvVar("HOST", "x"))["HOST"] == "X"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("status.podIP", "127.9.1.1"),
        ("status.hostIP", "127.9.1.1"),
        ("metadata.name", "web-0"),
        ("metadata.namespace", "shop"),
        ("metadata.labels['app']", "web"),
        ("metadata.annotations['note']", "hello"),
        ("metadata.labels['none']", ""),
    ],
)
def test_the_downward_api_is_filled_in(path: str, value: str) -> None:
    """Fields of the Pod that are known only when it runs."""
    assert field_value(EnvVar("X", field_path=path), POD, "here") == value


def test_an_unknown_field_is_refused() -> None:
    """The message names the variable and what could be used."""
    with pytest.raises(ManifestError, match=r"variable X takes 'status.phase'.*status.podIP"):
        environment(EnvVar("X", field_path="status.phase"))
