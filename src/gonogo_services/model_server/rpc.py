"""The gRPC server: which calls there are, and faults as status codes; all other calls are UNIMPLEMENTED."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import grpc
import grpc.aio

from gonogo_services.errors import ServiceError
from gonogo_services.model_server.fault import Fault
from gonogo_services.model_server.open_inference_rpc import OpenInferenceCalls
from gonogo_services.model_server.protocol import open_inference as oip
from gonogo_services.model_server.protocol import tensorflow_serving as tfs
from gonogo_services.model_server.tensorflow_rpc import TensorflowCalls

__all__ = ["MOST_MESSAGE_BYTES", "rpc_server"]

MOST_MESSAGE_BYTES: Final = 64 << 20

_Call = Callable[[Any], Awaitable[Any]]

logger = logging.getLogger(__name__)


@asynccontextmanager
async def rpc_server(
    address: str, tensorflow: TensorflowCalls, open_inference: OpenInferenceCalls, *, shared: bool, grace_s: float
) -> AsyncIterator[int]:
    """Serve both protocols at ``address`` (host:port) and yield the port.

    Args:
        address: where to listen; port 0 is a free one.
        tensorflow: TensorFlow Serving's calls.
        open_inference: the Open Inference Protocol's.
        shared: whether other workers listen there too.
        grace_s: how long calls under way may take when the block ends.

    Raises:
        ServiceError: the address cannot be used.
    """
    options = [
        ("grpc.so_reuseport", int(shared)),
        ("grpc.max_receive_message_length", MOST_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MOST_MESSAGE_BYTES),
    ]
    server = grpc.aio.server(options=options)
    server.add_generic_rpc_handlers(tuple(_handlers(tensorflow, open_inference)))
    try:
        port: int = server.add_insecure_port(address)
    except RuntimeError as error:
        raise ServiceError(f"{address} cannot be bound for gRPC; set GRPC_PORT to a free port") from error
    await server.start()
    try:
        yield port
    finally:
        await server.stop(grace_s)


def _handlers(tensorflow: TensorflowCalls, open_inference: OpenInferenceCalls) -> list[grpc.GenericRpcHandler]:
    services: Mapping[str, Mapping[str, tuple[_Call, Any]]] = {
        tfs.PREDICTION_SERVICE: {
            "Predict": (tensorflow.predict, tfs.PredictRequest),
            "GetModelMetadata": (tensorflow.get_model_metadata, tfs.GetModelMetadataRequest),
        },
        tfs.MODEL_SERVICE: {"GetModelStatus": (tensorflow.get_model_status, tfs.GetModelStatusRequest)},
        oip.INFERENCE_SERVICE: {
            "ServerLive": (open_inference.server_live, oip.ServerLiveRequest),
            "ServerReady": (open_inference.server_ready, oip.ServerReadyRequest),
            "ServerMetadata": (open_inference.server_metadata, oip.ServerMetadataRequest),
            "ModelReady": (open_inference.model_ready, oip.ModelReadyRequest),
            "ModelMetadata": (open_inference.model_metadata, oip.ModelMetadataRequest),
            "ModelInfer": (open_inference.model_infer, oip.ModelInferRequest),
        },
    }
    return [
        grpc.method_handlers_generic_handler(
            service, {name: _handler(name, call, request) for name, (call, request) in calls.items()}
        )
        for service, calls in services.items()
    ]


def _handler(name: str, call: _Call, request_type: Any) -> grpc.RpcMethodHandler[bytes, bytes]:  # noqa: ANN401 - a class made at run time
    async def answer(content: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> bytes:
        try:
            request = request_type.FromString(content)
        except Exception as error:  # noqa: BLE001 - protobuf's DecodeError differs between its implementations
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"the request is no {name} message: {error}")
        try:
            response: bytes = (await call(request)).SerializeToString()
        except Fault as fault:
            await context.abort(grpc.StatusCode[fault.kind.name], str(fault))
        except Exception:
            logger.exception("%s failed", name)
            await context.abort(grpc.StatusCode.INTERNAL, "the server failed to answer; its log says why")
        return response

    return grpc.unary_unary_rpc_method_handler(answer)
