"""Envoy as the client's sidecar: it follows files, and its statistics tell which versions of them it acts on."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

from gonogo.errors import EnvironmentFault
from gonogo.manifests.findings import Finding
from gonogo.mesh.envoy.bootstrap import BOOTSTRAP, dynamic_files, versions
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.sidecar import Sidecar, SocketPath
from gonogo.sidecar.cage import FREE, Cage
from gonogo.sidecar.process import ProxyProcess
from gonogo.sidecar.program import program
from gonogo.sidecar.waiting import CHANGE_S, START_S, await_proxy, listens

__all__ = ["EnvoyProxy"]

_FLUSH_MS: Final = 100
_ANSWER_S: Final = 5.0
_STATS: Final = "/stats?filter=version_text|warming_clusters|listeners_warming|update_rejected|update_failure"
_TEXT: Final = re.compile(r'^(.+)\.version_text: "(.*)"$', re.MULTILINE)
_WARMING: Final = re.compile(r"(?:warming_clusters|listeners_warming): ([0-9]+)$", re.MULTILINE)
_REJECTED: Final = re.compile(r"\.update_(?:rejected|failure): ([0-9]+)$", re.MULTILINE)


class EnvoyProxy:
    """A running Envoy.

    Args:
        policy: the rules.
        sidecar: where it listens and what it reaches; its ``admin`` is a unix socket in ``short``.
        folder: for its files and output.
        short: folder with a short path, which is removed at the end.
        cores: CPUs that it may use.
        cage: control groups that hold it.

    Raises:
        MissingPart: Envoy is not installed.
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
        found = program("envoy")
        self.name = f"Envoy {_version(found)}".strip()
        self.findings: tuple[Finding, ...] = ()
        self._folder = folder
        self._admin = sidecar.admin.path if isinstance(sidecar.admin, SocketPath) else ""
        self._files: dict[str, str] = {}
        self._write(dynamic_files(policy, sidecar, str(folder)))
        command = [found, "-c", str(folder / BOOTSTRAP), "--concurrency", str(sidecar.workers)]
        # Without hot restart several Envoys run on one machine, and none leaves shared memory behind.
        command += ["--disable-hot-restart", "--file-flush-interval-msec", str(_FLUSH_MS)]
        command += ["--log-level", "warning", "--drain-time-s", "1", "--log-format", "%l: %v"]
        self.process = ProxyProcess(command, folder=folder, remove=short, cores=cores, cage=cage)
        try:
            self._await("take requests", START_S)
            await_proxy(lambda: listens(sidecar), self.process, who=self.name, what="take connections", seconds=START_S)
        except BaseException:
            self.process.stop()
            raise

    def change(self, policy: Policy, sidecar: Sidecar) -> None:
        """Replace the files that differ and wait until Envoy acts on all of them.

        Raises:
            EnvironmentFault: it refuses one, has ended, or takes too long; the files before are then back in place.
        """
        before = dict(self._files)
        after = dynamic_files(policy, sidecar, str(self._folder))
        if after == before:
            return
        try:
            refused = _rejections(self._told())
        except OSError as error:
            raise EnvironmentFault(f"{self.name} does not answer: {error}", where=str(self.process.output)) from error
        self._write(after)
        try:
            self._await("act on the change", CHANGE_S, refused)
        except EnvironmentFault:
            self._write(before)
            raise

    def _write(self, files: Mapping[str, str]) -> None:
        # New clusters come before the routes that lead to them; a file is replaced in one step, by its name.
        for name in sorted(files, key=lambda name: not name.startswith(("clusters", "endpoints"))):
            if self._files.get(name) != files[name]:
                beside = self._folder / f".{name}"
                beside.write_text(files[name], encoding="utf-8")
                beside.replace(self._folder / name)
        self._files = dict(files)

    def _await(self, what: str, seconds: float, refused: int = 0) -> None:
        """Wait until Envoy acts on all files; ``refused`` is how many it has refused before."""
        wanted = versions(self._files)

        def acts() -> bool:
            told = self._told()
            if _rejections(told) > refused:
                raise EnvironmentFault(
                    f"{self.name} refuses the rules: {self.process.said()}", where=str(self.process.output)
                )
            taken = {version for _, version in _TEXT.findall(told)}
            return wanted <= taken and not any(map(int, _WARMING.findall(told)))

        await_proxy(acts, self.process, who=self.name, what=what, seconds=seconds)

    def _told(self) -> str:
        """Its statistics on files.

        Raises:
            OSError: it does not answer.
        """
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as admin:
            admin.settimeout(_ANSWER_S)
            admin.connect(self._admin)
            connection = HTTPConnection("envoy")
            connection.sock = admin
            try:
                connection.request("GET", _STATS)
                return connection.getresponse().read().decode("utf-8", errors="replace")
            except HTTPException as error:
                raise OSError(str(error)) from error


def _rejections(told: str) -> int:
    return sum(map(int, _REJECTED.findall(told)))


def _version(found: str) -> str:
    done = subprocess.run(  # noqa: S603 - the program that is about to be started
        [found, "--version"], capture_output=True, text=True, timeout=START_S, check=False
    )
    numbers = re.search(r"/([0-9]+\.[0-9]+\.[0-9]+)/", done.stdout)
    return numbers.group(1) if numbers else ""
