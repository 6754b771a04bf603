"""The load generator's own Pod, as a suite sees it: the targets that its files hold."""

from __future__ import annotations

from dataclasses import replace

from gonogo.errors import TargetError
from gonogo.load.expect import expectation
from gonogo.load.target import Target
from gonogo.load.target_file import read_targets
from gonogo.manifests.topology import Generator
from gonogo.suite.aim import Aim

__all__ = ["GeneratorHandle"]


class GeneratorHandle:
    """The Pod that describes the load generator, with the files that its ConfigMaps mount."""

    def __init__(self, generator: Generator, aim: Aim) -> None:
        self.generator = generator
        self._aim = aim

    def targets(self, path: str, *, expect: object = None) -> tuple[Target, ...]:
        """Return the targets of the target file at ``path`` in the Pod, aimed at the ready replicas of the stack.

        Args:
            path: absolute path of a file that a ConfigMap mounts into the Pod.
            expect: what every answer must be to be a success; see docs/load.md.

        Raises:
            TargetError: there is no such file, a line of it is wrong, or a host has no such port.
        """
        checks = expectation(expect)
        text = self._file(path).decode("utf-8", errors="replace")
        origin = f"Pod {self.generator.namespace}/{self.generator.name} {path}"
        read = read_targets(text, origin=origin, open_file=self._file)
        return tuple(replace(self._aim.resolve(target), expect=checks) for target in read)

    def _file(self, path: str) -> bytes:
        try:
            return self.generator.files[path]
        except KeyError:
            known = ", ".join(sorted(self.generator.files)) or "no file"
            raise TargetError(
                f"there is no file {path!r}",
                where=f"Pod {self.generator.namespace}/{self.generator.name}",
                mend=f"its ConfigMaps mount {known}",
            ) from None
