"""What the iris service takes from its environment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gonogo_services.environment import Environment
from gonogo_services.errors import SettingsError
from gonogo_services.iris.flavour import Flavour

__all__ = ["IrisSettings"]

_MOST_THREADS = 64


@dataclass(frozen=True, slots=True)
class IrisSettings:
    """Which model answers, and how.

    Attributes:
        model: path of the ONNX file (``MODEL_FILEPATH``).
        flavour: how predictions are asked for and answered (``FLAVOUR``).
        threads: threads within one prediction (``INTRA_OP_THREADS``); more than one rarely pays for models this small.
    """

    model: Path
    flavour: Flavour = Flavour.PLAIN
    threads: int = 1

    def __post_init__(self) -> None:
        """Refuse a number of threads that makes no sense.

        Raises:
            SettingsError: ``threads`` is out of range.
        """
        if not 1 <= self.threads <= _MOST_THREADS:
            raise SettingsError(f"INTRA_OP_THREADS={self.threads} is out of range; use 1 to {_MOST_THREADS}")

    @classmethod
    def from_environment(cls, environment: Environment) -> IrisSettings:
        """Read ``MODEL_FILEPATH``, ``FLAVOUR`` and ``INTRA_OP_THREADS``.

        Raises:
            SettingsError: a value is missing or cannot be used; the message names its variable.
        """
        return cls(
            model=Path(environment.required("MODEL_FILEPATH", "the path of an ONNX model such as iris_svc.onnx")),
            flavour=Flavour(environment.choice("FLAVOUR", Flavour.PLAIN, tuple(Flavour))),
            threads=environment.whole_number("INTRA_OP_THREADS", 1),
        )
