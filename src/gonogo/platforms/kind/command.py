"""The ``kind`` program: https://kind.sigs.k8s.io/docs/user/quick-start/."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from gonogo.errors import AbsentPlatform, EnvironmentFault

__all__ = ["Kind", "Said", "run"]

_LIST_S: Final = 30.0
_LOAD_S: Final = 300.0
_CREATE_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended, and what it said."""

    status: int
    out: str
    error: str


Run = Callable[[Sequence[str], float], Said]


def run(words: Sequence[str], timeout_s: float) -> Said:
    """Run a command.

    Raises:
        AbsentPlatform: there is no such program.
        EnvironmentFault: it did not end within ``timeout_s``.
    """
    program = shutil.which(words[0])
    if program is None:
        raise AbsentPlatform(
            f"there is no program {words[0]!r}",
            where="--gonogo-platform kind",
            mend="install kind (https://kind.sigs.k8s.io) and Docker, or use --gonogo-platform docker",
        )
    try:
        done = subprocess.run(  # noqa: S603 - a program of the user's PATH, with words of our own
            [program, *words[1:]], capture_output=True, text=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise EnvironmentFault(
            f"it did not end within {timeout_s:.0f} s", where=" ".join(words), mend="see what Docker does: docker ps"
        ) from error
    return Said(done.returncode, done.stdout, done.stderr)


class Kind:
    """One kind cluster.

    Args:
        cluster: its name.
        run: runs a command.
    """

    def __init__(self, cluster: str, run: Run = run) -> None:
        self._cluster = cluster
        self._run = run

    @property
    def context(self) -> str:
        """What its context is called in the kubeconfig."""
        return f"kind-{self._cluster}"

    def version(self) -> str:
        """Return what kind says of itself.

        Raises:
            AbsentPlatform: there is no kind.
        """
        return self._ask("version", timeout_s=_LIST_S).strip()

    def ensure(self) -> bool:
        """Create the cluster unless it is there, and see to its context in the kubeconfig.

        Returns:
            Whether it was created.

        Raises:
            AbsentPlatform: there is no kind.
            EnvironmentFault: it fails; the message is kind's own.
        """
        listed = self._ask("get", "clusters", timeout_s=_LIST_S)
        if self._cluster in listed.split():
            self._ask("export", "kubeconfig", "--name", self._cluster, timeout_s=_LIST_S)
            return False
        self._ask("create", "cluster", "--name", self._cluster, "--wait", "120s", timeout_s=_CREATE_S)
        return True

    def load(self, images: Sequence[str]) -> None:
        """Hand images of the local Docker daemon to the cluster's nodes.

        Raises:
            EnvironmentFault: one is not there, or it fails.
        """
        if images:
            self._ask("load", "docker-image", *images, "--name", self._cluster, timeout_s=_LOAD_S)

    def _ask(self, *words: str, timeout_s: float) -> str:
        command = ("kind", *words)
        said = self._run(command, timeout_s)
        if said.status:
            lines = [line for line in said.error.splitlines() if line.strip()]
            # kind says ERROR in the line that tells; what Docker said stands behind it.
            told = [line for line in lines if "ERROR" in line] or lines[-1:]
            raise EnvironmentFault(
                (told[0] if told else f"it ended with status {said.status}").strip(),
                where=" ".join(command),
                mend="see that Docker runs and has the image: docker info; gonogo images build",
            )
        return said.out
