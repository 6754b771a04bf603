"""The model server: one model behind four ways to ask for it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from gonogo_services.model_server.batcher import Batcher
from gonogo_services.model_server.model import ServedModel
from gonogo_services.model_server.open_inference_rest import OpenInferenceRest
from gonogo_services.model_server.open_inference_rpc import OpenInferenceCalls
from gonogo_services.model_server.rpc import rpc_server
from gonogo_services.model_server.settings import ModelServerSettings
from gonogo_services.model_server.tensorflow_rest import TensorflowRest
from gonogo_services.model_server.tensorflow_rpc import TensorflowCalls
from gonogo_services.serving.exchange import ExchangeService
from gonogo_services.serving.settings import ServerSettings

__all__ = ["create_app"]

logger = logging.getLogger(__name__)


def create_app(model: ServedModel, settings: ModelServerSettings, server: ServerSettings) -> ExchangeService:
    """Return the REST service for ``model``, whose lifespan runs the model and the gRPC server too.

    Args:
        model: opened before the lifespan begins.
        settings: names, gRPC port and batches.
        server: where to listen, how many workers, how long to wait at the end.
    """
    batcher = Batcher(model, settings.batch_rows)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        tensorflow = TensorflowCalls(model, batcher, settings.signature)
        open_inference = OpenInferenceCalls(model, batcher)
        address = f"[{server.host}]" if ":" in server.host else server.host
        with batcher:
            async with rpc_server(
                f"{address}:{settings.grpc_port}",
                tensorflow,
                open_inference,
                shared=server.workers > 1,
                grace_s=server.grace_s,
            ) as port:
                logger.info("gRPC is served at %s:%d", address, port)
                yield

    return ExchangeService(
        title="model server",
        description=f"The model {settings.name}: TensorFlow Serving's REST API and the Open Inference Protocol.",
        operations=[],
        exchanges=[
            *TensorflowRest(model, batcher, settings.signature).exchanges(),
            *OpenInferenceRest(model, batcher).exchanges(),
        ],
        lifespan=lifespan,
    )
