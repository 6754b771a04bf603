"""The iris service as FastAPI services are commonly written: the other side of bench/services/iris.py.

The same model, paths, limits and answers: models of the bodies do the validation, handlers make the error answers, the
framework does the rest. ``MODEL_FILEPATH`` names the model. Only /predict is there, the path that the bench asks.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from gonogo_services.iris.answers import Probabilities
from gonogo_services.iris.classifier import Classifier
from gonogo_services.iris.rows import Rows
from gonogo_services.model_file import ModelFile

__all__ = ["app"]

_MAX_BODY_BYTES = 1 << 20


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Open the model in the worker."""
    classifier.open()
    yield


class BodyLimit:
    """Refuses bodies that announce more than 1 MiB, as plain ASGI, which costs less than a FastAPI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 413."""
        if scope["type"] == "http":
            for name, value in scope["headers"]:
                if name == b"content-length" and int(value) > _MAX_BODY_BYTES:
                    await _problem(413, "body", "it is too large")(scope, receive, send)
                    return
        await self._app(scope, receive, send)


classifier = Classifier(ModelFile.read(Path(os.environ["MODEL_FILEPATH"])))
app = FastAPI(title="iris", lifespan=lifespan)
app.add_middleware(BodyLimit)


@app.exception_handler(RequestValidationError)
async def refuse(_request: Request, error: RequestValidationError) -> JSONResponse:
    """Answer 400 to what is not JSON, 422 to JSON of another form, with the field."""
    first = error.errors()[0]
    parts = first["loc"][1:]
    field = "".join(f"[{part}]" if isinstance(part, int) else str(part) for part in parts) or "body"
    if first["type"] == "json_invalid":
        return _problem(400, "body", first["msg"])
    return _problem(422, field, first["msg"])


@app.post("/predict")
async def predict(rows: Rows) -> Probabilities:
    """Predict every row."""
    return Probabilities(prediction=classifier.probabilities(np.array(rows.data, np.float32)))


def _problem(status: int, field: str, reason: str) -> JSONResponse:
    return JSONResponse({"detail": f"{field}: {reason}", "field": field}, status)
