"""The model server as the image proxy sees it: gRPC for predictions, REST for what it says about itself."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Final, Self

import aiohttp
import grpc
import grpc.aio
import numpy as np
from numpy.typing import NDArray

from gonogo_services.images.settings import ImageProxySettings
from gonogo_services.model_server.protocol import tensorflow_serving as tfs
from gonogo_services.serving.refusal import Refusal

__all__ = ["ModelBackend", "Signature"]

_OK: Final = 200
_BAD_GATEWAY: Final = 502
_UNAVAILABLE: Final = 503
_TIMEOUT: Final = 504
_FLOAT: Final = 1
_STATUS: Final = {
    grpc.StatusCode.UNAVAILABLE: _UNAVAILABLE,
    grpc.StatusCode.RESOURCE_EXHAUSTED: _UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: _TIMEOUT,
}
_FIELD: Final = "model server"
_MOST_MESSAGE_BYTES: Final = 64 << 20


class Signature:
    """What the model takes and gives, read from its SignatureDef.

    Args:
        definition: ``{"inputs": …, "outputs": …}`` as TensorFlow Serving's REST API tells it.

    Raises:
        Refusal: 502; it is no classifier of images: one input of (N, height, width, 3) and one output are needed.
    """

    def __init__(self, definition: dict[str, Any]) -> None:
        try:
            [(self.input, described)] = definition["inputs"].items()
            [self.output] = definition["outputs"]
            sizes = [int(dim["size"]) for dim in described["tensor_shape"]["dim"]]
            _, self.height, self.width, channels = sizes
            good = described["dtype"] == "DT_FLOAT" and channels == 3 and self.height > 0 and self.width > 0  # noqa: PLR2004
        except (ValueError, KeyError, TypeError):
            good = False
        if not good:
            raise Refusal(_BAD_GATEWAY, _FIELD, "its model does not take floats of (N, height, width, 3)")


class ModelBackend:
    """Asks the model server; belongs to the event loop that it is entered in.

    Args:
        settings: where it is and what the model is called.
    """

    def __init__(self, settings: ImageProxySettings) -> None:
        self._settings = settings
        self._signature: Signature | None = None
        self._session: aiohttp.ClientSession
        self._channel: grpc.aio.Channel

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=self._settings.timeout_s)
        self._session = aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar())
        options = [
            ("grpc.max_receive_message_length", _MOST_MESSAGE_BYTES),
            ("grpc.max_send_message_length", _MOST_MESSAGE_BYTES),
            # A model server that comes back is found within a second, not after the default's two minutes.
            ("grpc.max_reconnect_backoff_ms", 1000),
        ]
        self._channel = grpc.aio.insecure_channel(self._settings.grpc, options=options)
        self._predict = self._channel.unary_unary(
            f"/{tfs.PREDICTION_SERVICE}/Predict",
            request_serializer=tfs.PredictRequest.SerializeToString,
            response_deserializer=tfs.PredictResponse.FromString,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._channel.close()
        await self._session.close()

    async def ready(self) -> bool:
        """Tell whether the model server says that the model is available."""
        try:
            status = await self._get(f"/v1/models/{self._settings.model}")
            return any(one["state"] == "AVAILABLE" for one in status["model_version_status"])
        except (Refusal, KeyError, TypeError):
            return False

    async def metadata(self) -> dict[str, Any]:
        """Return what the model server says about the model.

        Raises:
            Refusal: 502, 503 or 504; it does not.
        """
        return await self._get(f"/v1/models/{self._settings.model}/metadata")

    async def signature(self) -> Signature:
        """Return the model's signature, asked for once.

        Raises:
            Refusal: 502, 503 or 504; the model server does not tell it, or it is another kind of model.
        """
        if self._signature is None:
            content = await self.metadata()
            try:
                definition = content["metadata"]["signature_def"]["signature_def"][self._settings.signature]
            except (KeyError, TypeError):
                raise Refusal(_BAD_GATEWAY, _FIELD, f"it has no signature {self._settings.signature!r}") from None
            self._signature = Signature(definition)
        return self._signature

    async def scores(self, signature: Signature, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the scores of one image, pixels of (height, width, 3).

        Raises:
            Refusal: 502, the model server refuses or answers something else; 503, it is down; 504, it is late.
        """
        request = tfs.PredictRequest()
        request.model_spec.name = self._settings.model
        request.model_spec.signature_name = self._settings.signature
        tensor = request.inputs[signature.input]
        tensor.dtype = _FLOAT
        for size in (1, *pixels.shape):
            tensor.tensor_shape.dim.add(size=size)
        tensor.tensor_content = pixels.astype("<f4").tobytes()
        try:
            response = await self._predict(request, timeout=self._settings.timeout_s)
        except grpc.aio.AioRpcError as error:
            # What it refuses is this proxy's request, not the client's; the next request asks for the signature anew.
            self._signature = None
            status = _STATUS.get(error.code(), _BAD_GATEWAY)
            raise Refusal(status, _FIELD, f"{error.code().name}: {error.details()}") from None
        answer = response.outputs[signature.output]
        found = np.frombuffer(answer.tensor_content, "<f4") if answer.tensor_content else np.array(answer.float_val)
        if answer.dtype != _FLOAT or found.size != len(self._settings.labels):
            wanted = len(self._settings.labels)
            raise Refusal(_BAD_GATEWAY, _FIELD, f"it answers {found.size} scores; LABEL_PATH has {wanted} labels")
        return found.astype(np.float32)

    async def _get(self, path: str) -> dict[str, Any]:
        try:
            async with self._session.get(self._settings.rest + path, allow_redirects=False) as response:
                if response.status != _OK:
                    raise Refusal(_BAD_GATEWAY, _FIELD, f"GET {path} is answered with {response.status}")
                content: dict[str, Any] = await response.json(content_type=None)
        except TimeoutError:
            raise Refusal(_TIMEOUT, _FIELD, f"GET {path} took more than {self._settings.timeout_s:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise Refusal(_UNAVAILABLE, _FIELD, f"GET {path} failed: {error}") from None
        except ValueError:
            raise Refusal(_BAD_GATEWAY, _FIELD, f"GET {path} is not answered with JSON") from None
        return content
