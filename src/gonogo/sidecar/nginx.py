"""Nginx as the client's sidecar: it reads its file anew at SIGHUP, and new workers take over from the old ones."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gonogo.errors import EnvironmentFault
from gonogo.manifests.findings import Finding
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.renderers import render
from gonogo.mesh.sidecar import Sidecar
from gonogo.sidecar.cage import FREE, Cage
from gonogo.sidecar.process import ProxyProcess
from gonogo.sidecar.program import program
from gonogo.sidecar.waiting import CHANGE_S, START_S, await_proxy, listens

__all__ = ["NginxProxy"]

_CHECK_S: Final = 10.0
_LEAVE_S: Final = 0.5


class NginxProxy:
    """A running Nginx.

    Args:
        policy: the rules.
        sidecar: where it listens and what it reaches.
        folder: for its files and output.
        short: folder that is removed at the end.
        cores: CPUs that it may use.
        cage: control groups that hold it.

    Raises:
        MissingPart: Nginx is not installed.
        EnvironmentFault: it does not start.
    """

    def __init__(
        self,
        policy: Policy,
        sidecar: Sidecar,
        *,
        folder: Path,
        short: Path,
        cores: tuple[int, ...],
        cage: Cage = FREE,
    ) -> None:
        self._program = program("nginx")
        self.name = f"Nginx {_version(self._program)}".strip()
        self._folder = folder
        rendering = render(policy, sidecar, to="nginx")
        self.findings: tuple[Finding, ...] = rendering.findings
        self._text = rendering.text
        self._file = folder / rendering.main
        self._file.write_text(self._text, encoding="utf-8")
        self._check(self._file)
        command = [self._program, "-p", f"{folder}/", "-c", str(self._file), "-e", "stderr", "-g", "daemon off;"]
        self.process = ProxyProcess(command, folder=folder, remove=short, cores=cores, cage=cage)
        try:
            await_proxy(lambda: listens(sidecar), self.process, who=self.name, what="take requests", seconds=START_S)
        except BaseException:
            self.process.stop()
            raise

    def change(self, policy: Policy, sidecar: Sidecar) -> None:
        """Check the new file, have it read, and wait until new workers serve and the old ones have let go.

        A connection that is kept open has at most one more request answered by the old rules; an old worker with
        requests under way stays for them, and is not waited for longer than half a second.

        Raises:
            EnvironmentFault: Nginx refuses the file, has ended, or takes too long.
        """
        rendering = render(policy, sidecar, to="nginx")
        if rendering.text == self._text:
            return
        self._put(rendering.text)
        old = self._workers()
        said = self.process.output.stat().st_size
        self.process.reload()
        try:
            self._await(lambda: self._taken(said) and len(self._workers() - old) >= sidecar.workers)
        except EnvironmentFault:
            self._put(self._text)
            raise
        leaving = time.monotonic() + _LEAVE_S
        self._await(lambda: time.monotonic() > leaving or not old & self._workers())
        self._text = rendering.text
        self.findings = tuple(dict.fromkeys((*self.findings, *rendering.findings)))

    def _put(self, text: str) -> None:
        beside = self._folder / ".nginx.conf"
        beside.write_text(text, encoding="utf-8")
        beside.replace(self._file)

    def _await(self, condition: Callable[[], bool]) -> None:
        await_proxy(condition, self.process, who=self.name, what="act on the change", seconds=CHANGE_S)

    def _workers(self) -> set[int]:
        return {process.pid for process in self.process.children()[1:]}

    def _taken(self, said: int) -> bool:
        """Whether its output beyond ``said`` bytes has no complaint about the file.

        Raises:
            EnvironmentFault: it has.
        """
        with self.process.output.open("rb") as output:
            output.seek(said)
            wrong = [line for line in output.read().decode(errors="replace").splitlines() if "[emerg]" in line]
        if wrong:
            raise EnvironmentFault(f"{self.name} refuses the rules: {wrong[0]}", where=str(self._file))
        return True

    def _check(self, file: Path) -> None:
        done = subprocess.run(  # noqa: S603 - the program that is about to be started
            [self._program, "-t", "-q", "-p", f"{self._folder}/", "-c", str(file), "-e", "stderr"],
            capture_output=True,
            text=True,
            timeout=_CHECK_S,
            check=False,
        )
        if done.returncode:
            said = " | ".join(line for line in (done.stderr + done.stdout).strip().splitlines()[:2])
            raise EnvironmentFault(f"{self.name} refuses the rules: {said}", where=str(file))


def _version(found: str) -> str:
    done = subprocess.run([found, "-v"], capture_output=True, text=True, timeout=_CHECK_S, check=False)  # noqa: S603 - likewise
    numbers = re.search(r"nginx/([0-9.]+)", done.stderr + done.stdout)
    return numbers.group(1) if numbers else ""
