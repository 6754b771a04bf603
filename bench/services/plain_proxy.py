"""The plain way to write the composition proxy: FastAPI, and an httpx.AsyncClient opened for every request.

    SERVICE_SETOSA=http://… SERVICE_VERSICOLOR=http://… SERVICE_VIRGINICA=http://… uvicorn plain_proxy:app

It is what bench/services/composition.py measures the proxy of this project against.
"""

from __future__ import annotations

import asyncio
import os

import httpx
from fastapi import FastAPI
from pydantic import BaseModel

SERVICES = {key[8:].lower(): url for key, url in os.environ.items() if key.startswith("SERVICE_")}
THRESHOLDS = {name: float(os.environ.get(f"THRESHOLD_{name.upper()}", "0.95")) for name in SERVICES}

app = FastAPI()


class Flower(BaseModel):
    """One flower: its four lengths in the only row."""

    data: list[list[float]]


@app.post("/predict")
async def predict(flower: Flower) -> dict[str, int]:
    """Ask all services at the same time and apply the thresholds."""
    async with httpx.AsyncClient() as client:
        posts = (client.post(f"{url}/predict", json=flower.model_dump()) for url in SERVICES.values())
        answers = await asyncio.gather(*posts)
    return {
        name: int(answer.json()["prediction"][0] >= THRESHOLDS[name])
        for name, answer in zip(SERVICES, answers, strict=True)
    }
