"""Concurrent requests in one run of the model: what waits while a run is under way goes into the next one together.

Nothing is held back to fill a batch, so that a request which comes alone is not delayed.
"""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future
from types import TracebackType
from typing import Final, NamedTuple, Self

from gonogo_services.model_server.fault import Fault, FaultKind
from gonogo_services.model_server.model import ServedModel, Tensors, joined, rows_of

__all__ = ["Batcher"]

_MOST_WAITING: Final = 1024


class _Request(NamedTuple):
    inputs: Tensors
    answer: Future[Tensors]


class Batcher:
    """Runs a model in a thread of its own, for as long as it is entered.

    Args:
        model: an open model.
        most_rows: the most rows in one run; 1, or a model of a fixed size, runs every request on its own.
    """

    def __init__(self, model: ServedModel, most_rows: int) -> None:
        self._model = model
        self._most_rows = most_rows if model.takes_batches else 1
        self._waiting: queue.Queue[_Request | None] = queue.Queue(_MOST_WAITING)
        self._thread = threading.Thread(target=self._work, name="batcher")
        self.runs = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._waiting.put(None)
        self._thread.join()

    def submit(self, inputs: Tensors) -> Future[Tensors]:
        """Have the model run on ``inputs`` and return the outputs to come, which may be a Fault.

        Raises:
            Fault: INVALID_ARGUMENT, they do not fit; RESOURCE_EXHAUSTED, too many requests are waiting.
        """
        self._model.check(inputs)
        answer: Future[Tensors] = Future()
        try:
            self._waiting.put_nowait(_Request(inputs, answer))
        except queue.Full:
            raise Fault(FaultKind.RESOURCE_EXHAUSTED, f"{_MOST_WAITING} requests are waiting already") from None
        return answer

    def _work(self) -> None:
        left: _Request | None = None
        while True:
            first = left or self._waiting.get()
            if first is None:
                return
            batch, left, over = self._batch(first)
            self._run([one for one in batch if one.answer.set_running_or_notify_cancel()])
            if over and left is None:
                return

    def _batch(self, first: _Request) -> tuple[list[_Request], _Request | None, bool]:
        """Return what goes into the run with ``first``, what did not fit, and whether the end was seen."""
        batch, rows = [first], rows_of(first.inputs)
        while rows < self._most_rows:
            try:
                request = self._waiting.get_nowait()
            except queue.Empty:
                break
            if request is None:
                return batch, None, True
            rows += rows_of(request.inputs)
            if rows > self._most_rows:
                return batch, request, False
            batch.append(request)
        return batch, None, False

    def _run(self, batch: list[_Request]) -> None:
        if not batch:
            return
        self.runs += 1
        try:
            outputs = self._model.run(batch[0].inputs if len(batch) == 1 else joined([one.inputs for one in batch]))
        except Fault as fault:
            for one in batch:
                one.answer.set_exception(fault)
            return
        if len(batch) == 1:
            batch[0].answer.set_result(outputs)
            return
        begin = 0
        for one in batch:
            end = begin + rows_of(one.inputs)
            one.answer.set_result({name: tensor[begin:end] for name, tensor in outputs.items()})
            begin = end
