"""The operations of the iris service that predict, in each of its flavours."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from gonogo_services.iris.answers import (
    JobLabels,
    JobProbabilities,
    Labels,
    ModeLabels,
    ModeProbabilities,
    Probabilities,
)
from gonogo_services.iris.classifier import Classifier
from gonogo_services.iris.flavour import Flavour
from gonogo_services.iris.flower import SAMPLE
from gonogo_services.iris.rows import Rows, parse_rows
from gonogo_services.serving.answered import Answered
from gonogo_services.serving.operation import Operation
from gonogo_services.serving.path_key import PathKey

__all__ = ["JOB", "predictions"]

JOB: Final = PathKey("job_id", "The client's name for this request; the answer repeats it.")

_REFUSALS: Final = {
    400: "The body is not JSON.",
    422: "The body is JSON, but not rows of four numbers; `field` says where.",
}
_JOB_REFUSALS: Final = {**_REFUSALS, 422: "The job_id or the rows are not as they must be; `field` says where."}

_Predict = Callable[[NDArray[np.float32]], Any]
_Watch = Callable[[Answered], None] | None


def predictions(classifier: Classifier, flavour: Flavour, watch: _Watch = None) -> list[Operation]:
    """Return the four operations that predict: probabilities and names, of a built-in sample and of a client's rows.

    Args:
        classifier: what answers.
        flavour: which paths there are and what answers carry.
        watch: gets every answer just before it is sent.
    """
    if flavour is Flavour.SHADOW:
        return [
            *_job_pair("", "", classifier.probabilities, JobProbabilities, watch),
            *_job_pair("-label", " by name", classifier.labels, JobLabels, watch),
        ]
    if flavour is Flavour.ONLINE_AB:
        more = {"mode": classifier.model.path.name}
        return [
            *_pair("", "", classifier.probabilities, ModeProbabilities, more, watch),
            *_pair("/label", " by name", classifier.labels, ModeLabels, more, watch),
        ]
    return [
        *_pair("", "", classifier.probabilities, Probabilities, {}, watch),
        *_pair("/label", " by name", classifier.labels, Labels, {}, watch),
    ]


def _pair(
    end: str, how: str, predict: _Predict, response: type[BaseModel], more: dict[str, str], watch: _Watch
) -> list[Operation]:
    sample = np.array([SAMPLE], np.float32)

    def of_sample(_body: bytes) -> dict[str, Any]:
        return {"prediction": predict(sample), **more}

    def of_rows(body: bytes) -> dict[str, Any]:
        return {"prediction": predict(parse_rows(body)), **more}

    operation = partial(Operation, response=response, watch=watch)
    return [
        operation("GET", f"/predict/test{end}", f"Predict a built-in sample{how}.", of_sample),
        operation("POST", f"/predict{end}", f"Predict every row{how}.", of_rows, request=Rows, refusals=_REFUSALS),
    ]


def _job_pair(end: str, how: str, predict: _Predict, response: type[BaseModel], watch: _Watch) -> list[Operation]:
    sample = np.array([SAMPLE], np.float32)

    def of_sample(job_id: str, _body: bytes) -> dict[str, Any]:
        return {"job_id": job_id, "prediction": predict(sample)}

    def of_rows(job_id: str, body: bytes) -> dict[str, Any]:
        return {"job_id": job_id, "prediction": predict(parse_rows(body))}

    path = f"{end}/{{{JOB.name}}}"
    operation = partial(Operation, response=response, key=JOB, watch=watch)
    return [
        operation("GET", f"/predict-test{path}", f"Predict a built-in sample{how}.", of_sample),
        operation("POST", f"/predict{path}", f"Predict every row{how}.", of_rows, request=Rows, refusals=_JOB_REFUSALS),
    ]
