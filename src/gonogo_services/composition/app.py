"""The composition proxy: what it answers on which path."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from gonogo_services.composition.administration import Administration, described
from gonogo_services.composition.answers import (
    Change,
    CollectedPage,
    Composition,
    Current,
    Health,
    HealthOfAll,
    Metadata,
)
from gonogo_services.composition.proxy import Proxy
from gonogo_services.iris.flower import FEATURES, SAMPLE
from gonogo_services.iris.one_vs_rest.row import Flower
from gonogo_services.serving.exchange import Exchange, ExchangeService, Question, Reply
from gonogo_services.serving.operation import Operation

__all__ = ["create_app"]

_FAILED: Final = "A service failed whose policy is `fail`; `field` names it."
_REFUSALS: Final = {
    400: "The body is not JSON.",
    422: "The body is JSON, but not one row of four numbers, or a rule excludes it; `detail` names the rule.",
    503: _FAILED,
}
_GUARDED: Final = {401: "No token, or a wrong one.", 403: "No admin token is set."}
_LIMIT: Final = {
    "parameters": [
        {
            "name": "limit",
            "in": "query",
            "description": "How many, the newest first.",
            "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
        }
    ]
}


def create_app(proxy: Proxy, administration: Administration) -> ExchangeService:
    """Return the service that answers with ``proxy``."""
    return ExchangeService(
        title="composition proxy",
        description=f"Asks {', '.join(proxy.settings.backends)} about a flower: 1 from the threshold on, else 0.",
        operations=_descriptions(proxy),
        exchanges=[*_predictions(proxy), *_administrations(administration, proxy.settings.backends)],
        lifespan=proxy.lifespan,
    )


def _descriptions(proxy: Proxy) -> list[Operation]:
    settings = proxy.settings

    def metadata(_body: bytes) -> dict[str, Any]:
        return {
            "data_type": "float32",
            "data_structure": f"(1, {len(FEATURES)})",
            "data_sample": [SAMPLE],
            "prediction_type": "int",
            "prediction_structure": "1 or 0 by active service",
            "prediction_sample": dict.fromkeys(active(b""), 0),
            "services": {
                name: {"url": one.url, "timeout_s": one.timeout_s, "policy": one.policy}
                for name, one in settings.backends.items()
            },
            "rules": {rule.name: rule.text for rule in settings.rules},
            "deadline_s": settings.deadline_s,
            "retries": settings.retries,
            "retry_budget": settings.retry_budget,
            "connections": settings.connections,
            "collected_rows": settings.collected_rows,
            "current": described(proxy.switchboard.current),
        }

    def active(_body: bytes) -> list[str]:
        return [name for name, switch in proxy.switchboard.current.switches.items() if switch.active]

    def parameters(_body: bytes) -> dict[str, Any]:
        return described(proxy.switchboard.current)

    def healthy(_body: bytes) -> dict[str, str]:
        return {"health": "ok"}

    return [
        Operation("GET", "/health", "Tell that the proxy is up.", healthy, Health),
        Operation("GET", "/metadata", "Tell types, shapes and samples, and how the proxy is set.", metadata, Metadata),
        Operation("GET", "/label", "Name the services that an answer has now, in its order.", active, list[str]),
        Operation("GET", "/parameters", "Tell the parameters that hold now.", parameters, Current),
    ]


def _predictions(proxy: Proxy) -> list[Exchange]:
    sample = json.dumps({"data": [SAMPLE]}).encode()

    async def predict(question: Question) -> Reply:
        return await proxy.predict(question.body)

    async def predict_sample(_question: Question) -> Reply:
        return await proxy.predict(sample)

    async def health_of_all(_question: Question) -> Reply:
        return Reply(await proxy.health_of_all())

    return [
        Exchange(
            "POST", "/predict", "Ask the active services about a flower.", predict, Composition, Flower, _REFUSALS
        ),
        Exchange(
            "GET",
            "/predict/test",
            "Ask all active services about a built-in sample.",
            predict_sample,
            Composition,
            refusals={422: "A rule excludes the sample.", 503: _FAILED},
        ),
        Exchange("GET", "/health/all", "Ask every service for its health.", health_of_all, HealthOfAll),
    ]


def _administrations(administration: Administration, services: Iterable[str]) -> list[Exchange]:
    share: dict[str, Any] = {"type": "number", "minimum": 0, "maximum": 1}
    truth: dict[str, Any] = {"type": "integer", "enum": [0, 1]}
    properties: dict[str, dict[str, Any]] = {}
    for name in services:
        properties |= {f"THRESHOLD_{name.upper()}": share, f"ACTIVATE_{name.upper()}": truth}
        properties[f"COLLECT_{name.upper()}"] = truth
    change = {"type": "object", "properties": properties, "additionalProperties": False, "minProperties": 1}
    return [
        Exchange(
            "PATCH",
            "/parameters",
            "Change parameters for all requests from now on.",
            administration.change,
            Current,
            Change,
            {**_GUARDED, 400: "The body is not JSON.", 422: "A value cannot be used; nothing has changed."},
            schema=change,
        ),
        Exchange(
            "GET",
            "/collected",
            "Give predictions of services that are not active.",
            administration.collected,
            CollectedPage,
            refusals={**_GUARDED, 422: "The limit cannot be used."},
            extra=_LIMIT,
        ),
    ]
