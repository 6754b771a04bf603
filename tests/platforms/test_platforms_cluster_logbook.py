"""What containers in a cluster wrote, as a file that suites can read."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from gonogo.platforms.cluster.api import Api
from gonogo.platforms.cluster.logbook import Logbook
from gonogo.platforms.cluster.pods import ContainerView
from tests.platforms.cluster_pods import pod


class Kubelet:
    """Every container has written one line, its own name."""

    def text(self, path: str, query: Mapping[str, object]) -> str:
        del path
        return f"2026-01-01T00:00:00Z {query['container']}\n"

    def as_api(self) -> Api:
        return cast("Api", self)


class Crowded(Kubelet):
    """Answers when two ask at once, or after a moment."""

    def __init__(self) -> None:
        self.both = threading.Barrier(2, timeout=0.5)

    def text(self, path: str, query: Mapping[str, object]) -> str:
        with suppress(threading.BrokenBarrierError):
            self.both.wait()
        return super().text(path, query)


def _container(name: str, *, init: bool = False) -> ContainerView:
    return ContainerView(name, "echo:1", init=init, running=True, ready=True, restarts=0)


@pytest.mark.parametrize(
    ("containers", "text"),
    [
        ((_container("main"),), "main\n"),
        ((_container("load", init=True), _container("main")), "load\nmain\n"),
        ((_container("main"), _container("beside")), "[main] main\n[beside] beside\n"),
    ],
)
def test_only_containers_that_run_side_by_side_are_told_apart(
    containers: tuple[ContainerView, ...], text: str, tmp_path: Path
) -> None:
    """Lines of a container with an init container before it stay as it wrote them: suites read them."""
    book = Logbook(Kubelet().as_api(), tmp_path)
    book.copy("shop/web/0", replace(pod("web-1"), containers=containers))
    assert book.file("shop/web/0").read_text(encoding="utf-8") == text


def test_two_who_copy_at_once_write_a_line_once(tmp_path: Path) -> None:
    """The watch and whoever looks at a stack both copy what has ended."""
    book = Logbook(Crowded().as_api(), tmp_path)
    threads = [threading.Thread(target=book.copy, args=("shop/web/0", pod("web-1"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert book.file("shop/web/0").read_text(encoding="utf-8") == "main\n"
