"""What the model server takes from its environment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gonogo_services.environment import Environment
from gonogo_services.errors import SettingsError

__all__ = ["ModelServerSettings"]

_LAST_PORT: Final = 65535
_MOST_ROWS: Final = 1024
_MOST_THREADS: Final = 64


@dataclass(frozen=True, slots=True)
class ModelServerSettings:
    """Which model is served, and how.

    Attributes:
        model: path of the ONNX file (``MODEL_FILEPATH``).
        name: what clients call the model (``MODEL_NAME``; the file's name without ``.onnx``).
        signature: what TensorFlow Serving's clients call its signature (``SIGNATURE_NAME``).
        grpc_port: TCP port for gRPC; 0 lets the system choose one, which the log names (``GRPC_PORT``).
        batch_rows: the most rows of concurrent requests in one run; 1 runs each on its own (``BATCH_ROWS``).
        threads: threads within one run (``INTRA_OP_THREADS``).
    """

    model: Path
    name: str
    signature: str = "serving_default"
    grpc_port: int = 8500
    batch_rows: int = 32
    threads: int = 1

    def __post_init__(self) -> None:
        """Refuse what cannot be served with.

        Raises:
            SettingsError: a value is out of range; the message names its variable.
        """
        if not re.fullmatch(r"[A-Za-z0-9_.-]+", self.name):
            raise SettingsError(f"MODEL_NAME={self.name!r} is no name; use letters, digits, _, . and -")
        if not self.signature:
            raise SettingsError("SIGNATURE_NAME is empty; the usual name is serving_default")
        for variable, value, least, most in (
            ("GRPC_PORT", self.grpc_port, 0, _LAST_PORT),
            ("BATCH_ROWS", self.batch_rows, 1, _MOST_ROWS),
            ("INTRA_OP_THREADS", self.threads, 1, _MOST_THREADS),
        ):
            if not least <= value <= most:
                raise SettingsError(f"{variable}={value} is out of range; use {least} to {most}")

    @classmethod
    def from_environment(cls, environment: Environment) -> ModelServerSettings:
        """Read the variables.

        Raises:
            SettingsError: a value is missing or cannot be used; the message names its variable.
        """
        model = Path(environment.required("MODEL_FILEPATH", "the path of an ONNX model"))
        return cls(
            model=model,
            name=environment.text("MODEL_NAME", model.stem),
            signature=environment.text("SIGNATURE_NAME", "serving_default"),
            grpc_port=environment.whole_number("GRPC_PORT", 8500),
            batch_rows=environment.whole_number("BATCH_ROWS", 32),
            threads=environment.whole_number("INTRA_OP_THREADS", 1),
        )
