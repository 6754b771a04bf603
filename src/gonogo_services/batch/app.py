"""The batch service: what it answers on which path."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import FastAPI, Query
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gonogo_services.batch.answers import Added, Counts, Health, Item, Page
from gonogo_services.batch.database import Database
from gonogo_services.batch.errors import DatabaseError
from gonogo_services.batch.listing import ALL, LISTS, PARKED, PREDICTED, UNPREDICTED, add_rows, count, counts, page
from gonogo_services.iris.rows import Rows, parse_rows
from gonogo_services.serving.body import MAX_BODY_BYTES, read_body
from gonogo_services.serving.operation import Operation, problem
from gonogo_services.serving.refusal import Problem, Refusal
from gonogo_services.serving.service import Service

__all__ = ["create_app"]

LARGEST_PAGE: Final = 1000
_PAGE: Final = 100
_CREATED: Final = 201
_INVALID: Final = 422
_AWAY: Final = 503
_JSON: Final = "application/json"
_LARGEST_ID: Final = 2**63 - 1

_SUMMARIES: Final = {
    ALL: "List every row.",
    PREDICTED: "List the rows that have a prediction.",
    UNPREDICTED: "List the rows that have no prediction.",
    PARKED: "List the rows that were given up, with the reason.",
}
_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    400: {"model": Problem, "description": "The body is not JSON."},
    413: {"model": Problem, "description": f"The body is longer than {MAX_BODY_BYTES} bytes."},
    422: {"model": Problem, "description": "Not rows of four numbers; `field` says where."},
}
_UNAVAILABLE: Final[dict[int | str, dict[str, Any]]] = {
    503: {"model": Problem, "description": "The database cannot be used now."}
}

_QUERY: Final[dict[int | str, dict[str, Any]]] = {
    422: {"model": Problem, "description": "A parameter is out of its range; `field` names it."}
}

logger = logging.getLogger(__name__)


def create_app(database: Database) -> FastAPI:
    """Return the service that shows the rows of ``database``, whose tables are prepared, and takes further ones."""
    health = Operation("GET", "/health", "Tell that the service is up.", _healthy, Health)
    app = Service("batch", "Rows to be predicted by a job, and their predictions.", [health])
    for which in LISTS:
        app.add_api_route(
            f"/data/{which}",
            _lister(database, which),
            summary=_SUMMARIES[which],
            operation_id=f"get_data_{which}",
            response_model=Page,
            responses={**_QUERY, **_UNAVAILABLE},
        )
    app.add_api_route(
        "/data/count",
        _counter(database),
        summary="Count the rows of every list, all at the same moment.",
        operation_id="get_data_count",
        response_model=Counts,
        responses=_UNAVAILABLE,
    )
    app.add_api_route(
        "/data",
        _adder(database),
        methods=["POST"],
        status_code=_CREATED,
        summary="Add rows, all of them or none.",
        operation_id="post_data",
        response_model=Added,
        responses={**_REFUSALS, **_UNAVAILABLE},
        openapi_extra={"requestBody": {"required": True, "content": {_JSON: {"schema": Rows.model_json_schema()}}}},
    )
    app.add_exception_handler(Refusal, _refuse)
    app.add_exception_handler(RequestValidationError, _refuse_query)
    app.add_exception_handler(DatabaseError, _away)
    return app


def _healthy(_body: bytes) -> dict[str, str]:
    return {"health": "ok"}


def _lister(database: Database, which: str) -> Callable[..., Page]:
    def lister(
        after: Annotated[int, Query(ge=0, le=_LARGEST_ID, description="Only ids above this one.")] = 0,
        limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="At most so many rows.")] = _PAGE,
        counted: Annotated[bool, Query(description="Whether to count the whole list too.")] = True,  # noqa: FBT002
    ) -> Page:
        with database.reading() as connection:
            rows = page(connection, which, after, limit)
            total = count(connection, which) if counted else None
        shown = [_item(row) for row in rows]
        return Page(count=total, items=shown, next=shown[-1].id if len(shown) == limit else None)

    return lister


def _counter(database: Database) -> Callable[[], Counts]:
    def counter() -> Counts:
        with database.reading() as connection:
            return Counts(**counts(connection))

    return counter


def _adder(database: Database) -> Callable[..., Any]:
    def add(body: bytes) -> Added:
        rows = [[float(f"{number:.7g}") for number in row] for row in parse_rows(body).tolist()]
        with database.writing() as connection:
            return Added(count=add_rows(connection, rows))

    async def adder(request: Request) -> Added:
        return await run_in_threadpool(add, await read_body(request.scope, request.receive))

    return adder


def _item(row: dict[str, Any]) -> Item:
    return Item(**{**row, "values": _json(row["values"]), "prediction": _json(row["prediction"])})


def _json(text: str | None) -> Any:  # noqa: ANN401 - JSON has no narrower type
    """Return what the JSON says; the text itself when it says nothing."""
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def _refuse(_request: Request, error: Exception) -> Response:
    if not isinstance(error, Refusal):
        raise error
    return Response(problem(str(error), error.field), error.status, media_type=_JSON)


def _refuse_query(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    where = str(first["loc"][-1])
    return Response(problem(f"{where}: {first['msg']}", where), _INVALID, media_type=_JSON)


def _away(_request: Request, error: Exception) -> Response:
    logger.error("%s", error)
    return Response(problem("the database cannot be used now; try again later", ""), _AWAY, media_type=_JSON)
