"""The image proxy: what it answers on which path."""

from __future__ import annotations

import base64
from typing import Any, Final, Literal

from pydantic import BaseModel

from gonogo_services.images.picture import FORMATS
from gonogo_services.images.proxy import ImageProxy, ImageRequest
from gonogo_services.serving.exchange import Exchange, ExchangeService, Question, Reply
from gonogo_services.serving.operation import Operation

__all__ = ["create_app"]

_UNAVAILABLE: Final = 503
_FAILURES: Final = {
    502: "The model server refuses, or answers something else than scores.",
    503: "The model server is down.",
    504: "The model server is late.",
}
_REFUSALS: Final = {400: "The body is not JSON.", 422: "The body holds no image, or a broken one.", **_FAILURES}
_SAMPLE_REFUSALS: Final = {413: "The sample image has too many pixels.", 422: "The sample is no image.", **_FAILURES}


class Health(BaseModel):
    """The proxy, or the model, is up."""

    health: Literal["ok"]


class Metadata(BaseModel):
    """What goes in, what comes out, and what the model server says about the model."""

    data_type: str
    data_structure: str
    data_formats: list[str]
    data_sample: str
    prediction_type: str
    prediction_structure: str
    prediction_sample: str
    model_spec_name: str
    signature_name: str
    model: dict[str, Any]


def create_app(proxy: ImageProxy) -> ExchangeService:
    """Return the service that answers with ``proxy``."""

    def healthy(_body: bytes) -> dict[str, str]:
        return {"health": "ok"}

    def labels(_body: bytes) -> list[str]:
        return list(proxy.settings.labels)

    return ExchangeService(
        title="image proxy",
        description="Names what an image shows.",
        operations=[
            Operation("GET", "/health", "Tell that the proxy is up.", healthy, Health),
            Operation("GET", "/label", "Name the labels, in the order of the model's scores.", labels, list[str]),
        ],
        exchanges=_exchanges(proxy),
        lifespan=proxy.lifespan,
    )


def _exchanges(proxy: ImageProxy) -> list[Exchange]:
    async def health_of_model(_question: Question) -> Reply:
        if await proxy.ready():
            return Reply({"health": "ok"})
        detail = "model server: it does not say that the model is available"
        return Reply({"health": "ng", "detail": detail, "field": "model server"}, _UNAVAILABLE)

    async def metadata(_question: Question) -> Reply:
        return Reply(
            {
                "data_type": "str",
                "data_structure": "base64 of an image file",
                "data_formats": FORMATS,
                "data_sample": base64.b64encode(proxy.settings.sample[:24]).decode() + "…",
                "prediction_type": "str",
                "prediction_structure": "a label",
                "prediction_sample": proxy.settings.labels[0],
                "model_spec_name": proxy.settings.model,
                "signature_name": proxy.settings.signature,
                "model": await proxy.metadata(),
            }
        )

    async def predict(question: Question) -> Reply:
        return Reply(await proxy.predict(question.body))

    async def predict_sample(_question: Question) -> Reply:
        return Reply(await proxy.predict_sample())

    return [
        Exchange(
            "GET", "/health/pred", "Ask the model server whether the model is available.", health_of_model, Health
        ),
        Exchange("GET", "/metadata", "Tell types and the model.", metadata, Metadata, refusals=_FAILURES),
        Exchange("GET", "/predict/test", "Name the sample image.", predict_sample, str, refusals=_SAMPLE_REFUSALS),
        Exchange(
            "POST",
            "/predict",
            "Name what an image shows.",
            predict,
            str,
            ImageRequest,
            _REFUSALS,
            proxy.longest_body,
        ),
    ]
