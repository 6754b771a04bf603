"""What a one-vs-rest service takes from its environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gonogo_services.environment import Environment
from gonogo_services.errors import SettingsError
from gonogo_services.iris.flower import LABELS
from gonogo_services.serving.settings import ServerSettings

__all__ = ["OneVsRestSettings", "server_settings"]

_FIRST_PORT: Final = 8000


@dataclass(frozen=True, slots=True)
class OneVsRestSettings:
    """Which class is told from the rest, and by which model.

    Attributes:
        mode: the class (``MODE``).
        model: path of the ONNX file (``MODEL_FILEPATH``).
    """

    mode: str
    model: Path

    def __post_init__(self) -> None:
        """Refuse a class that there is not.

        Raises:
            SettingsError: ``mode`` is none of the classes.
        """
        if self.mode not in LABELS:
            raise SettingsError(f"MODE={self.mode!r} is no class; use one of {', '.join(LABELS)}")

    @classmethod
    def from_environment(cls, environment: Environment) -> OneVsRestSettings:
        """Read ``MODE`` and ``MODEL_FILEPATH``.

        Raises:
            SettingsError: a value is missing or cannot be used; the message names its variable.
        """
        mode = environment.required("MODE", f"the class to tell: {', '.join(LABELS)}").lower()
        purpose = f"the path of a one-vs-rest ONNX model such as iris_{mode}.onnx"
        return cls(mode=mode, model=Path(environment.required("MODEL_FILEPATH", purpose)))


def server_settings(values: Mapping[str, str], mode: str) -> ServerSettings:
    """Return where to serve ``mode``: as in the environment; without ``PORT`` on 8000, 8001 or 8002 by class.

    Raises:
        SettingsError: a value cannot be used; the message names its variable.
    """
    port = str(_FIRST_PORT + LABELS.index(mode))
    return ServerSettings.from_environment(Environment({"PORT": port, **values}))
