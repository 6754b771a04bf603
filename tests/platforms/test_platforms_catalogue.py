"""The catalogue maps images to commands as Kubernetes maps them to entry points."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gonogo.errors import SettingsError
from gonogo.manifests.topology import Port
from gonogo.platforms.process.catalogue import Catalogue, Entry, unmapped
from tests.contracts.topologies import container, deployment

VALUES = {"host": "127.9.1.1", "port": "8000", "port.http": "8000", "python": "/venv/python", "workdir": "/w"}


def argv(
    template: str | Sequence[str], command: Sequence[str] | None = None, args: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return what a container with this entry runs."""
    return Entry.read("image:*", template).argv(VALUES, command, args, where="here")


@pytest.mark.parametrize(
    ("pattern", "image"),
    [
        ("acme/iris:*", "acme/iris:1.2"),
        ("acme/iris", "acme/iris:1.2"),
        ("acme/iris", "acme/iris@sha256:abc"),
        ("acme/iris", "acme/iris:1.2@sha256:abc"),
        ("*/iris:1.*", "registry:5000/acme/iris:1.2"),
        ("registry:5000/acme/iris", "registry:5000/acme/iris"),
    ],
)
def test_patterns_match_with_and_without_tag(pattern: str, image: str) -> None:
    """A pattern without a tag means every tag and digest; a registry's port is no tag."""
    assert Entry.read(pattern, "run").matches(image)


@pytest.mark.parametrize(("pattern", "image"), [("acme/iris:1", "acme/iris:2"), ("iris", "acme/iris"), ("a", "ab")])
def test_patterns_match_whole_names(pattern: str, image: str) -> None:
    """A pattern is no prefix."""
    assert not Entry.read(pattern, "run").matches(image)


@pytest.mark.parametrize(
    ("image", "expected"), [("acme/iris:1", "acme/iris:1"), ("acme/iris:2", "acme/iris:*"), ("acme/x:1", "acme/*")]
)
def test_the_most_specific_entry_wins(image: str, expected: str) -> None:
    """The pattern with most literal characters, in whatever order they are written."""
    catalogue = Catalogue.read(dict.fromkeys(["*", "acme/*", "acme/iris:*", "acme/iris:1"], "run"))
    entry = catalogue.find(image)
    assert entry is not None
    assert entry.pattern == expected


@pytest.mark.parametrize(
    ("template", "command", "args", "expected"),
    [
        ("{python} -m iris --host {host}", None, (), "/venv/python -m iris --host 127.9.1.1"),
        ("{python} -m iris", None, ("--quick",), "/venv/python -m iris --quick"),
        ("{python} -m iris", ("python", "-m", "migrate"), ("--all",), "/venv/python -m migrate --all"),
        ("{python} -m iris", ("/usr/local/bin/python3.11", "x.py"), (), "/venv/python x.py"),
        ("{python} -m iris", ("pythonic", "x.py"), (), "pythonic x.py"),
        ("{python} -m loader {args}", ("python", "-m", "src.main"), ("--quick",), "/venv/python -m loader --quick"),
        ("{command} {args}", ("uvicorn", "app:app"), ("--reload",), "uvicorn app:app --reload"),
        ("{command} {args}", None, ("python", "x.py"), "/venv/python x.py"),
        ("nice {command}", ("run",), ("--all",), "nice run --all"),
        ("run --port {port.http}", None, (), "run --port 8000"),
        ("run '{{\"a\": 1}}'", None, (), 'run {"a": 1}'),
        (["run", "two words"], None, (), "run two words"),
    ],
    ids=str,
)
def test_what_runs(
    template: str | Sequence[str], command: Sequence[str] | None, args: Sequence[str], expected: str
) -> None:
    """The template is the entry point, args follow it, command takes its place; {args} and {command} say otherwise."""
    assert " ".join(argv(template, command, args)) == expected


def test_an_argument_stays_one_word() -> None:
    """Nothing is split again after the template was."""
    assert argv("run {args}", None, ("two words", "")) == ("run", "two words", "")


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("", "the command is empty"),
        ("run {prot}", r"unknown placeholder \{prot\}"),
        ("run --x={args}", r"\{args\} stands inside the word"),
        ("run 'open", "cannot be split into words"),
    ],
)
def test_a_bad_template_is_refused(template: str, message: str) -> None:
    """The message names the entry and what is wrong with it."""
    with pytest.raises(SettingsError, match=message) as caught:
        Entry.read("acme/*", template)
    assert caught.value.where == "[tool.gonogo.images] 'acme/*'"


def test_a_port_that_the_container_does_not_declare_is_refused() -> None:
    """{port.grpc} needs a port of that name."""
    with pytest.raises(SettingsError, match=r"uses \{port.grpc\}"):
        argv("run {port.grpc}")


def test_nothing_to_run_is_refused() -> None:
    """An entry that runs the manifest's command needs one."""
    with pytest.raises(SettingsError, match="the manifest has none"):
        argv("{command} {args}")


def test_the_block_to_paste_holds_every_unmapped_image_once() -> None:
    """Images used twice are listed once, with everybody who uses them; a declared command is proposed as it is."""
    web = container("acme/iris:1", ports=(Port(8000),))
    migrate = container("busybox:1", "copy", command=("cp",))
    error = unmapped([(deployment("a"), web), (deployment("b"), web), (deployment("b"), migrate)])
    assert error.what == (
        "no command is known for 2 images: acme/iris:1 (Deployment shop/a container main, Deployment shop/b container"
        " main); busybox:1 (Deployment shop/b container copy)"
    )
    assert error.mend.splitlines()[1:] == [
        "    [tool.gonogo.images]",
        '    "acme/iris:1" = "{python} -m your_module --host {host} --port {port}"',
        '    "busybox:1" = "{command} {args}"',
    ]
