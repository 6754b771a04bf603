"""The overflow service: what it answers on which path."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final, Literal

import pydantic_core
from fastapi import FastAPI, Path
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from gonogo_services.overflow.crew import Crew
from gonogo_services.overflow.envelope import Envelope
from gonogo_services.overflow.jobs import FullError, Jobs, JobState, Status
from gonogo_services.overflow.settings import OverflowSettings
from gonogo_services.overflow.shelves import StoreAway, open_shelves
from gonogo_services.serving.body import read_body
from gonogo_services.serving.operation import Operation, problem
from gonogo_services.serving.refusal import Problem, Refusal
from gonogo_services.serving.service import Service

__all__ = ["create_app"]

_JSON: Final = "application/json"
_POLL_S: Final = 1
_LEASE_SLACK_S: Final = 2.0
_LONGEST_KEY: Final = 200

Name = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="As the acceptance gave it.")]


class Health(BaseModel):
    """The service is up."""

    health: Literal["ok"]


class Accepted(BaseModel):
    """A request that will be answered later."""

    job_id: str
    status: Status
    status_url: str


class Job(BaseModel):
    """Where a job is; times are seconds since 1970, null until then."""

    job_id: str
    status: Status
    accepted_s: float
    finished_s: float | None
    attempts: int | None
    reason: str
    result_url: str | None


class Depth(BaseModel):
    """How full the queue is."""

    unfinished: int
    most: int


class _Overflow:
    """Takes requests and shows jobs; opens its store in the worker's own process."""

    def __init__(self, settings: OverflowSettings) -> None:
        self._settings = settings
        self._jobs: Jobs | None = None

    @asynccontextmanager
    async def lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        lease_s = self._settings.timeout_s + _LEASE_SLACK_S
        shelves = await run_in_threadpool(open_shelves, self._settings.queue)
        self._jobs = Jobs(shelves, most=self._settings.most, lease_s=lease_s, now=time.time)
        with Crew(self._jobs, self._settings):
            yield

    @property
    def jobs(self) -> Jobs:
        if self._jobs is None:
            raise StoreAway("the queue's store is not open yet")
        return self._jobs

    async def accept(self, request: Request) -> Response:
        key = request.headers.get("idempotency-key", "")
        if len(key) > _LONGEST_KEY:
            raise Refusal(400, "idempotency-key", f"it is longer than {_LONGEST_KEY} characters")
        kept = {name: request.headers[name] for name in self._settings.headers if name in request.headers}
        body = await read_body(request.scope, request.receive)
        target = request.scope["raw_path"].decode("latin-1")
        query = request.scope["query_string"].decode("latin-1")
        envelope = Envelope(request.method, f"{target}?{query}" if query else target, kept, body, time.time())
        try:
            name = await run_in_threadpool(self.jobs.accept, envelope, key)
        except FullError:
            told = problem(f"the queue is full: {self._settings.most} requests wait; try again later", "")
            return Response(told, 503, {"retry-after": str(_POLL_S)}, _JSON)
        url = f"/jobs/{name}"
        accepted = Accepted(job_id=name, status=Status.QUEUED, status_url=url)
        headers = {"location": url, "retry-after": str(_POLL_S)}
        return Response(pydantic_core.to_json(accepted), 202, headers, _JSON)

    def job(self, job_id: Name) -> Job:
        state = self._state(job_id)
        answer = state.answer
        return Job(
            job_id=job_id,
            status=state.status,
            accepted_s=state.accepted_s,
            finished_s=answer.finished_s if answer else None,
            attempts=answer.attempts if answer else None,
            reason=answer.reason if answer else "",
            result_url=f"/jobs/{job_id}/result" if answer else None,
        )

    def result(self, job_id: Name) -> Response:
        state = self._state(job_id)
        if state.answer is None:
            told = Accepted(job_id=job_id, status=state.status, status_url=f"/jobs/{job_id}")
            return Response(pydantic_core.to_json(told), 202, {"retry-after": str(_POLL_S)}, _JSON)
        if state.answer.reason:
            return Response(problem(f"the job failed: {state.answer.reason}", ""), 502, media_type=_JSON)
        headers = {name: value for name, value in state.answer.headers.items() if name != "retry-after"}
        return Response(state.answer.body, state.answer.status, headers)

    def depth(self) -> Depth:
        return Depth(unfinished=self.jobs.unfinished, most=self._settings.most)

    def _state(self, name: str) -> JobState:
        state = self.jobs.state(name)
        if state is None:
            raise Refusal(404, "job_id", "there is no such job, or its answer is no longer kept")
        return state


def create_app(settings: OverflowSettings) -> FastAPI:
    """Return the service; its store is opened, and deliveries begin, when a worker starts it."""
    overflow = _Overflow(settings)
    health = Operation("GET", "/health", "Tell that the service is up.", _healthy, Health)
    app = Service("overflow", "Takes requests that are answered later.", [health], lifespan=overflow.lifespan)
    away: dict[int | str, dict[str, Any]] = {503: {"model": Problem, "description": "The queue cannot be used now."}}
    unknown = {404: {"model": Problem, "description": "No such job."}, **away}
    app.add_api_route("/queue", overflow.depth, response_model=Depth, responses=away, summary="Tell how full it is.")
    app.add_api_route(
        "/jobs/{job_id}", overflow.job, response_model=Job, responses=unknown, summary="Tell where a job is."
    )
    app.add_api_route(
        "/jobs/{job_id}/result",
        overflow.result,
        response_class=Response,
        responses={
            **unknown,
            202: {"model": Accepted, "description": "Not answered yet."},
            502: {"model": Problem, "description": "The job failed; says why."},
            "default": {"description": "What the service behind answered."},
        },
        summary="Give the answer of a job.",
    )
    app.add_api_route(
        "/{path:path}",
        overflow.accept,
        methods=["POST", "PUT"],
        status_code=202,
        response_model=Accepted,
        responses={
            400: {"model": Problem, "description": "The idempotency key cannot be used."},
            413: {"model": Problem, "description": "The body is too long."},
            503: {"model": Problem, "description": "The queue is full, or cannot be used now."},
        },
        summary="Take a request for the service behind.",
    )
    app.add_exception_handler(Refusal, _refuse)
    app.add_exception_handler(RequestValidationError, _refuse_name)
    app.add_exception_handler(StoreAway, _away)
    return app


def _healthy(_body: bytes) -> dict[str, str]:
    return {"health": "ok"}


def _refuse(_request: Request, error: Exception) -> Response:
    if not isinstance(error, Refusal):
        raise error
    return Response(problem(str(error), error.field), error.status, media_type=_JSON)


def _refuse_name(_request: Request, _error: Exception) -> Response:
    return Response(problem("job_id: a job's name has 32 hexadecimal digits", "job_id"), 422, media_type=_JSON)


def _away(_request: Request, error: Exception) -> Response:
    told = problem(f"{error}; try again later" if isinstance(error, StoreAway) else "try again later", "")
    return Response(told, 503, {"retry-after": str(_POLL_S)}, _JSON)
