"""What a renderer makes: files, and findings about what they do not say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gonogo.manifests.findings import Finding

__all__ = ["Rendering"]


@dataclass(frozen=True, slots=True)
class Rendering:
    """Configuration of one proxy.

    Attributes:
        files: name to content.
        main: the name of the file to start the proxy with.
        findings: what of the policy the files do not say, or say differently.
    """

    files: Mapping[str, str]
    main: str
    findings: tuple[Finding, ...] = ()

    @property
    def text(self) -> str:
        """The content of the main file."""
        return self.files[self.main]
