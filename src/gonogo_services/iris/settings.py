"""What the iris service takes from its environment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from gonogo_services.environment import Environment
from gonogo_services.errors import SettingsError
from gonogo_services.iris.flavour import Flavour

__all__ = ["IrisSettings"]

_MOST_THREADS = 64
_MOST_HEADERS = 16
_HEADER = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]{1,64}")  # RFC 9110 section 5.6.2, in lower case


@dataclass(frozen=True, slots=True)
class IrisSettings:
    """Which model answers, and how.

    Attributes:
        model: path of the ONNX file (``MODEL_FILEPATH``).
        flavour: how predictions are asked for and answered (``FLAVOUR``).
        threads: threads within one prediction (``INTRA_OP_THREADS``); more than one rarely pays for models this small.
        prediction_log: path of the file that gets a line for each prediction; ``-``: standard output; empty: none
            (``PREDICTION_LOG``).
        prediction_log_headers: names of request headers that its lines have, in lower case
            (``PREDICTION_LOG_HEADERS``, separated by commas).
    """

    model: Path
    flavour: Flavour = Flavour.PLAIN
    threads: int = 1
    prediction_log: str = ""
    prediction_log_headers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a number of threads that makes no sense, and names that no header can have.

        Raises:
            SettingsError: a value cannot be used; the message names its variable.
        """
        if not 1 <= self.threads <= _MOST_THREADS:
            raise SettingsError(f"INTRA_OP_THREADS={self.threads} is out of range; use 1 to {_MOST_THREADS}")
        if len(self.prediction_log_headers) > _MOST_HEADERS:
            raise SettingsError(f"PREDICTION_LOG_HEADERS has too many names; use at most {_MOST_HEADERS}")
        for name in self.prediction_log_headers:
            if not _HEADER.fullmatch(name):
                raise SettingsError(f"PREDICTION_LOG_HEADERS: {name!r} is no header's name; use one such as x-user-id")

    @classmethod
    def from_environment(cls, environment: Environment) -> IrisSettings:
        """Read ``MODEL_FILEPATH``, ``FLAVOUR``, ``INTRA_OP_THREADS`` and what begins with ``PREDICTION_LOG``.

        Raises:
            SettingsError: a value is missing or cannot be used; the message names its variable.
        """
        headers = environment.text("PREDICTION_LOG_HEADERS", "").lower().split(",")
        return cls(
            model=Path(environment.required("MODEL_FILEPATH", "the path of an ONNX model such as iris_svc.onnx")),
            flavour=Flavour(environment.choice("FLAVOUR", Flavour.PLAIN, tuple(Flavour))),
            threads=environment.whole_number("INTRA_OP_THREADS", 1),
            prediction_log=environment.text("PREDICTION_LOG", ""),
            prediction_log_headers=tuple(name.strip() for name in headers if name.strip()),
        )
