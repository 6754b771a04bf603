"""What the model loader takes from its environment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gonogo_services.environment import Environment
from gonogo_services.errors import SettingsError

__all__ = ["LoaderSettings"]


@dataclass(frozen=True, slots=True)
class LoaderSettings:
    """Which model goes where.

    Attributes:
        store: address of the model store (``MODEL_STORE``).
        name: the model's name in it, such as ``iris_svc.onnx`` or ``v2/iris_svc.onnx`` (``MODEL_NAME``).
        destination: the file to write (``MODEL_FILEPATH``).
        sha256: what the content must hash to, 64 hexadecimal digits; empty: whatever arrives whole (``MODEL_SHA256``).
    """

    store: str
    name: str
    destination: Path
    sha256: str = ""

    def __post_init__(self) -> None:
        """Refuse a name that leads out of the store, and a hash that is none.

        Raises:
            SettingsError: the message names the variable.
        """
        name = PurePosixPath(self.name)
        if name.is_absolute() or not name.parts or ".." in name.parts or not self.name.isprintable():
            raise SettingsError(f"MODEL_NAME={self.name!r} is no name inside a store; use one such as iris_svc.onnx")
        if self.sha256 and not re.fullmatch(r"[0-9a-f]{64}", self.sha256):
            raise SettingsError(f"MODEL_SHA256={self.sha256!r} is no SHA-256; give 64 hexadecimal digits")
        if self.destination.is_dir():
            raise SettingsError(f"MODEL_FILEPATH={self.destination} is a folder; name the file to write in it")

    @classmethod
    def from_environment(cls, environment: Environment) -> LoaderSettings:
        """Read ``MODEL_STORE``, ``MODEL_NAME``, ``MODEL_FILEPATH`` and ``MODEL_SHA256``.

        Raises:
            SettingsError: a value is missing or cannot be used; the message names its variable.
        """
        return cls(
            store=environment.required("MODEL_STORE", "a folder, or an address such as https://host/models"),
            name=environment.required("MODEL_NAME", "the model's name in the store, such as iris_svc.onnx"),
            destination=Path(environment.required("MODEL_FILEPATH", "the file that the service will read")),
            sha256=environment.text("MODEL_SHA256", "").strip().lower(),
        )
