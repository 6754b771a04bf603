"""What the image proxy does with an image: decode, scale, ask the model, name the best label."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, Final

import numpy as np
from fastapi import FastAPI
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from gonogo_services.images.backend import ModelBackend
from gonogo_services.images.picture import decode_base64, decode_image
from gonogo_services.images.settings import ImageProxySettings
from gonogo_services.serving.refusal import Refusal

__all__ = ["ImageProxy", "ImageRequest"]

_NOT_JSON: Final = 400
_UNUSABLE: Final = 422
# One at a time in each worker: the largest image that is taken bounds the worker's memory, whoever else sends one.
_DECODERS: Final = 1


class ImageRequest(BaseModel):
    """A request: an image file in base64. Other keys are ignored."""

    image_data: str


class ImageProxy:
    """The proxy of one worker; usable while its ``lifespan`` lasts.

    Args:
        settings: the model server, labels and limits.
    """

    def __init__(self, settings: ImageProxySettings) -> None:
        self.settings = settings
        self._backend: ModelBackend
        self._decoders: ThreadPoolExecutor

    @asynccontextmanager
    async def lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        """Open the connections and the decoding thread of this worker, and close them at its end."""
        with ThreadPoolExecutor(_DECODERS, "decode") as self._decoders:
            async with ModelBackend(self.settings) as self._backend:
                yield

    @property
    def longest_body(self) -> int:
        """The longest body that can hold an image of ``most_bytes``, in bytes."""
        return self.settings.most_bytes * 3 // 2 + 4096

    async def predict(self, body: bytes) -> str:
        """Return the label for ``{"image_data": base64}``.

        Raises:
            Refusal: 400, 413 or 422, it holds no image that is taken; 502, 503 or 504, the model server fails.
        """
        try:
            text = ImageRequest.model_validate_json(body, strict=True).image_data
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            if first["type"] == "json_invalid":
                raise Refusal(_NOT_JSON, "body", f"not JSON: {first['ctx']['error']}") from None
            raise Refusal(_UNUSABLE, "image_data", "missing, or no text") from None
        return await self._label(decode_base64(text, self.settings.most_bytes))

    async def predict_sample(self) -> str:
        """Return the label for the sample image.

        Raises:
            Refusal: as ``predict`` does.
        """
        return await self._label(self.settings.sample)

    async def ready(self) -> bool:
        """Tell whether the model server says that the model is available."""
        return await self._backend.ready()

    async def metadata(self) -> dict[str, Any]:
        """Return what the model server says about the model.

        Raises:
            Refusal: 502, 503 or 504; the model server fails.
        """
        return await self._backend.metadata()

    async def _label(self, content: bytes) -> str:
        signature = await self._backend.signature()
        pixels = await asyncio.get_running_loop().run_in_executor(
            self._decoders, decode_image, content, signature.width, signature.height, self.settings.most_pixels
        )
        scores = await self._backend.scores(signature, _in_range(pixels, self.settings.pixel_range))
        return self.settings.labels[int(scores.argmax())]


def _in_range(pixels: NDArray[np.uint8], pixel_range: tuple[float, float]) -> NDArray[np.float32]:
    black, white = pixel_range
    return pixels.astype(np.float32) * np.float32((white - black) / 255) + np.float32(black)
