"""A capturing Envoy that runs: before the replicas of one workload, with one file that its lines go to."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from gonogo.capture.envoy import BOOTSTRAP, bootstrap, listeners
from gonogo.capture.inlet import Inlet, Scope
from gonogo.capture.tail import Tail
from gonogo.errors import EnvironmentFault
from gonogo.sidecar.admin import ask
from gonogo.sidecar.process import ProxyProcess, Usage
from gonogo.sidecar.program import program
from gonogo.sidecar.waiting import CHANGE_S, START_S, await_proxy

__all__ = ["CaptureProxy"]

_FLUSH_MS: Final = 50
_LINES: Final = "captured.jsonl"


class CaptureProxy:
    """A running Envoy that forwards and records. It ends with this process, also when that is killed.

    Args:
        name: what it stands before, such as ``shadow-ab/iris-rf``.
        inlets: its replicas.
        scope: what it keeps of each request.
        folder: for its files, its output and its lines; made when it is missing.
        cores: CPUs that it may use; empty: all.
        lines: file that its lines go to, in place of one in ``folder``.

    Raises:
        MissingPart: Envoy is not installed.
        EnvironmentFault: it does not start.
    """

    def __init__(
        self,
        name: str,
        inlets: Sequence[Inlet],
        scope: Scope,
        *,
        folder: Path,
        cores: tuple[int, ...] = (),
        lines: Path | None = None,
    ) -> None:
        found = program("envoy")
        folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.inlets = tuple(inlets)
        self._scope = scope
        self._folder = folder
        self._lines = lines or folder / _LINES
        # A unix socket's path may have 107 bytes, a judgment's folder may have more.
        short = Path(tempfile.mkdtemp(prefix="gonogo-capture-"))
        self._admin = str(short / "admin")
        try:
            self._write({BOOTSTRAP: bootstrap(str(folder), self._admin, f"capture of {name}")})
            self._write(listeners(self.inlets, str(self._lines), scope))
            command = [found, "-c", str(folder / BOOTSTRAP), "--concurrency", "1", "--disable-hot-restart"]
            command += ["--file-flush-interval-msec", str(_FLUSH_MS), "--log-level", "error"]
            self.process = ProxyProcess(command, folder=folder, remove=short, cores=cores)
        except BaseException:
            shutil.rmtree(short, ignore_errors=True)
            raise
        try:
            self._await(START_S)
        except BaseException:
            self.process.stop()
            raise

    def tail(self) -> Tail:
        """Return a reader of the lines from the beginning of the file on."""
        return Tail(self._lines)

    def change(self, inlets: Sequence[Inlet]) -> None:
        """Stand before other replicas from now on; those that stay lose no request.

        Raises:
            EnvironmentFault: it has ended, or does not act on the change in time.
        """
        if tuple(inlets) != self.inlets:
            self.inlets = tuple(inlets)
            self._write(listeners(self.inlets, str(self._lines), self._scope))
            self._await(CHANGE_S)

    def lost_writes(self) -> int:
        """Return how many writes to the file of its lines failed so far: a full disk loses lines, never answers.

        Raises:
            EnvironmentFault: its administration does not answer.
        """
        try:
            told = ask(self._admin, "/stats?filter=^filesystem.write_failed$")
        except OSError as error:
            raise EnvironmentFault(f"the capture of {self.name} does not answer: {error}") from error
        return sum(int(line.rpartition(" ")[2]) for line in told.splitlines() if line.strip())

    def sample(self) -> Usage:
        """Return what it has used since its start."""
        return self.process.sample()

    def stop(self) -> None:
        """End it; safe to call twice."""
        self.process.stop()

    def _write(self, files: Mapping[str, str]) -> None:
        # Clusters come before the listeners that lead to them; a file is replaced in one step, by its name.
        for name, content in files.items():
            beside = self._folder / f".{name}"
            beside.write_text(content, encoding="utf-8")
            beside.replace(self._folder / name)

    def _await(self, seconds: float) -> None:
        wanted = {f"{inlet.listen.ip}:{inlet.listen.port}" for inlet in self.inlets}

        def listens() -> bool:
            told = ask(self._admin, "/listeners")
            return {line.rpartition("::")[2] for line in told.split()} == wanted

        await_proxy(listens, self.process, who=f"the capture of {self.name}", what="take requests", seconds=seconds)
