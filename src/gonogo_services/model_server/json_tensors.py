"""Tensors as JSON has them: nested lists of numbers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pydantic_core
from numpy.typing import NDArray

from gonogo_services.model_server.fault import Fault, FaultKind
from gonogo_services.model_server.tensor_types import TensorType
from gonogo_services.serving.exchange import Question, Reply

__all__ = ["answered", "parse_object", "to_array"]

_NUMBERS = "iuf"


def to_array(value: Any, kind: TensorType, what: str) -> NDArray[Any]:  # noqa: ANN401 - whatever JSON can say
    """Return numbers in nested lists of equal lengths as an array.

    Raises:
        Fault: INVALID_ARGUMENT; they are something else, or do not fit into ``kind``.
    """
    try:
        found = np.array(value)
        fits = found.dtype.kind in ("b" if kind.dtype.kind == "b" else _NUMBERS)
        exact = found.astype(kind.dtype) if fits else found
        if fits and (kind.dtype.kind == "f" or np.array_equal(exact, found)):
            return exact
    except (ValueError, OverflowError, TypeError) as error:
        raise Fault(FaultKind.INVALID_ARGUMENT, f"{what} is no tensor: {error}") from None
    raise Fault(FaultKind.INVALID_ARGUMENT, f"{what} does not hold {kind.datatype} numbers in lists of equal lengths")


def parse_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that ``body`` is.

    Raises:
        Fault: INVALID_ARGUMENT; it is something else.
    """
    try:
        content = pydantic_core.from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise Fault(FaultKind.INVALID_ARGUMENT, f"the body is not JSON: {error}") from None
    if not isinstance(content, dict):
        raise Fault(FaultKind.INVALID_ARGUMENT, "the body is not a JSON object")
    return content


def answered(act: Callable[[Question], Awaitable[dict[str, Any]]]) -> Callable[[Question], Awaitable[Reply]]:
    """Return ``act`` with its faults as replies: ``error`` is the protocols' key, the others are this project's."""

    async def reply(question: Question) -> Reply:
        try:
            with np.errstate(over="ignore"):
                return Reply(await act(question))
        except Fault as fault:
            message = str(fault)
            return Reply({"error": message, "detail": message, "field": ""}, fault.kind.value)

    return reply
