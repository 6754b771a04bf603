"""What the image proxy takes from its environment."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from gonogo_services.environment import Environment
from gonogo_services.errors import SettingsError

__all__ = ["PIXEL_RANGES", "ImageProxySettings"]

PIXEL_RANGES: Final = {"0..1": (0.0, 1.0), "-1..1": (-1.0, 1.0), "0..255": (0.0, 255.0)}

_MOST_BYTES: Final = 1 << 30
_MOST_PIXELS: Final = 1_000_000_000
_LONGEST_MS: Final = 600_000


@dataclass(frozen=True, slots=True)
class ImageProxySettings:
    """Which model server answers, with which labels, and which images are taken.

    Attributes:
        rest: the model server's REST API, ``http://host:port`` (``REST``).
        grpc: its gRPC API, ``host:port`` (``GRPC``).
        model: what it calls the model (``MODEL_SPEC_NAME``).
        signature: what it calls the signature (``SIGNATURE_NAME``).
        labels: a name for each score (``LABEL_PATH``, a JSON list or a name a line).
        sample: an image for ``GET /predict/test`` (``SAMPLE_IMAGE_PATH``).
        pixel_range: what black and white are to the model (``PIXEL_RANGE``).
        timeout_s: how long the model server may take (``TIMEOUT_MS``).
        most_bytes: the longest image file that is taken (``MAX_IMAGE_BYTES``).
        most_pixels: the largest image that is decoded (``MAX_IMAGE_PIXELS``).
    """

    rest: str
    grpc: str
    model: str
    signature: str
    labels: tuple[str, ...]
    sample: bytes
    pixel_range: tuple[float, float] = (0.0, 1.0)
    timeout_s: float = 5.0
    most_bytes: int = 10 << 20
    most_pixels: int = 25_000_000

    @classmethod
    def from_environment(cls, environment: Environment) -> ImageProxySettings:
        """Read the variables and the files that they name.

        Raises:
            SettingsError: a value is missing or cannot be used; the message names its variable.
        """
        defaults = cls("", "", "", "", (), b"")
        return cls(
            rest=_url("REST", environment.required("REST", "the model server's REST API, such as model:8501")),
            grpc=_place("GRPC", environment.required("GRPC", "the model server's gRPC API, such as model:8500")),
            model=environment.required("MODEL_SPEC_NAME", "what the model server calls the model"),
            signature=environment.text("SIGNATURE_NAME", "serving_default"),
            labels=_labels(Path(environment.required("LABEL_PATH", "a file with the labels"))),
            sample=_read("SAMPLE_IMAGE_PATH", Path(environment.required("SAMPLE_IMAGE_PATH", "an image file"))),
            pixel_range=PIXEL_RANGES[environment.choice("PIXEL_RANGE", "0..1", tuple(PIXEL_RANGES))],
            timeout_s=_within(environment, "TIMEOUT_MS", 5000, _LONGEST_MS) / 1000,
            most_bytes=_within(environment, "MAX_IMAGE_BYTES", defaults.most_bytes, _MOST_BYTES),
            most_pixels=_within(environment, "MAX_IMAGE_PIXELS", defaults.most_pixels, _MOST_PIXELS),
        )


def _within(environment: Environment, variable: str, default: int, most: int) -> int:
    value = environment.whole_number(variable, default)
    if not 1 <= value <= most:
        raise SettingsError(f"{variable}={value} is out of range; use 1 to {most}")
    return value


def _url(variable: str, value: str) -> str:
    return f"http://{_place(variable, value.removeprefix('http://').rstrip('/'))}"


def _place(variable: str, value: str) -> str:
    try:
        parts = urlsplit(f"//{value}")
        good = bool(parts.hostname and parts.port) and parts.netloc == value and "@" not in value
    except ValueError:
        good = False
    if not good:
        raise SettingsError(f"{variable}={value!r} is no place; write host:port")
    return value


def _read(variable: str, path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{variable}={str(path)!r} cannot be read: {error.strerror}") from error
    if not content:
        raise SettingsError(f"{variable}={str(path)!r} is empty")
    return content


def _labels(path: Path) -> tuple[str, ...]:
    content = _read("LABEL_PATH", path)
    try:
        text = content.decode()
        found = json.loads(text) if text.lstrip().startswith("[") else text.splitlines()
    except ValueError as error:
        raise SettingsError(f"LABEL_PATH={str(path)!r} is neither a JSON list nor lines of text: {error}") from error
    labels = [one.strip() for one in found if isinstance(one, str) and one.strip()]
    if len(labels) != len(found) or not labels:
        raise SettingsError(f"LABEL_PATH={str(path)!r} has a label that is empty or no text")
    return tuple(labels)
