"""A run: one measured load, every request of it as a row in columns, and the facts that hold for all of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from gonogo.errors import MeasurementError

__all__ = ["ERRORS", "Columns", "GeneratorFacts", "Run", "RunFacts", "WorkerFacts"]

ERRORS: tuple[str, ...] = (
    "",  # answered, whatever the status
    "timeout",  # no complete answer within the timeout, counted from the due time
    "refused",  # the connection was refused
    "connect",  # the connection could not be made for another reason
    "reset",  # reset or closed before the answer was complete
    "protocol",  # the answer was no HTTP
    "dns",  # the host did not resolve
    "tls",  # the TLS handshake or certificate check failed
    "check",  # answered, and an answer check (expect=) failed
    "unsent",  # never sent, by the generator's own fault
    "cut",  # the run was cut short while this request was on its way: known to neither side
)
"""Kinds of failure in the order of their codes in :attr:`Columns.error`; code 0 is no error."""


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The requests of a run, one element each, in order of due time. Times are seconds from the run's start.

    Attributes:
        due_s: float64; when the schedule wanted it sent (closed loop: when the connection became free).
        queued_s: float64; how long it waited for a free connection, which is the service's doing.
        sent_s: float64; when its first byte was handed to the kernel; NaN when never.
        first_byte_s: float64; when the first byte of the answer came; NaN when none did.
        done_s: float64; when the answer was complete or the failure known; NaN when neither.
        status: int16; HTTP status, 0 without one.
        error: int8; index into ERRORS.
        success: bool; status 200-399 (or what expect= says), all checks passed, in time.
        bytes_in: int64; bytes received, head included.
        bytes_out: int64; bytes sent, head included.
        connection: int32; ordinal of the connection; -1 when none.
        target: int16; index into RunFacts.targets.
        extracted: further columns, one value a request.
    """

    due_s: npt.NDArray[np.float64]
    queued_s: npt.NDArray[np.float64]
    sent_s: npt.NDArray[np.float64]
    first_byte_s: npt.NDArray[np.float64]
    done_s: npt.NDArray[np.float64]
    status: npt.NDArray[np.int16]
    error: npt.NDArray[np.int8]
    success: npt.NDArray[np.bool_]
    bytes_in: npt.NDArray[np.int64]
    bytes_out: npt.NDArray[np.int64]
    connection: npt.NDArray[np.int32]
    target: npt.NDArray[np.int16]
    extracted: Mapping[str, npt.NDArray[np.object_]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        columns = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "extracted"}
        for name, column in {**columns, **self.extracted}.items():
            if len(column) != len(self.due_s):
                raise MeasurementError(f"column {name} has {len(column)} rows, not {len(self.due_s)} like due_s")

    def __len__(self) -> int:
        return len(self.due_s)

    def where(self, kept: npt.NDArray[np.bool_] | slice) -> Columns:
        """Return the chosen requests, in order."""
        arrays = (name for name in self.__dataclass_fields__ if name != "extracted")
        chosen = {name: getattr(self, name)[kept] for name in arrays}
        return Columns(**chosen, extracted={name: values[kept] for name, values in self.extracted.items()})

    def first(self, count: int) -> Columns:
        """Return the first ``count`` requests."""
        return self.where(slice(count))

    @property
    def latency_s(self) -> npt.NDArray[np.float64]:
        """From the due time to the complete answer, NaN without one."""
        return self.done_s - self.due_s

    @property
    def lag_s(self) -> npt.NDArray[np.float64]:
        """How late the generator sent by its own fault: waiting for a free connection is not in it."""
        return self.sent_s - self.due_s - self.queued_s


@dataclass(frozen=True, slots=True)
class WorkerFacts:
    """One engine that ran inside of the stack.

    Attributes:
        place: where, such as ``Pod load-test/gonogo-generator-0 on node a``.
        cpu: cores that it could use; None without a limit, and when it was lost. ``memory`` likewise, in bytes.
        cpu_s: CPU seconds that it used during the run.
        throttled_s: seconds in which its CPU limit held its container back, by the account of that control group; None
            where nobody could tell.
        starved_s: seconds of ``watched_s`` in which it had work and no CPU, for that reason or another; None likewise.
        watched_s: from just before the run's start to the engine's end; None likewise.
        memory_peak: the most bytes that its container has held; None likewise.
    """

    place: str
    cpu: float | None = None
    memory: int | None = None
    cpu_s: float = 0.0
    throttled_s: float | None = None
    starved_s: float | None = None
    watched_s: float | None = None
    memory_peak: int | None = None


@dataclass(frozen=True, slots=True)
class GeneratorFacts:
    """What the generator was given and what it used.

    Attributes:
        cores: the CPUs that it was pinned to; empty when it was not.
        cpu_s: CPU seconds that it used during the run.
        workers: its engines inside of the stack; empty when it ran on the machine of the session.
    """

    cores: tuple[int, ...] = ()
    cpu_s: float = 0.0
    workers: tuple[WorkerFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What holds for a run as a whole.

    Attributes:
        name: name of the run, unique in its judgment.
        targets: names of the targets, such as ``POST /predict``, by the index in Columns.target.
        rate: requests per second asked for; None for a closed loop.
        duration_s: seconds of load asked for, without the warm-up.
        attack_s: seconds from the first due time to the last send, or to the last due time when nothing could be sent.
        wait_s: seconds from the last send to the last answer.
        warmup_s: seconds of the warm-up; warmup_requests were sent in it and are in no measure.
        timeout_s: after it an unanswered request failed, counted from its due time.
        connections: the most connections open at once.
        tightest_limit_s: the tightest latency limit that the run shall decide; None without one.
        started_at: UTC, ISO 8601.
        cut_short: why the run ended before its duration; empty when it did not.
        anytime: it was looked at while it went on and could have stopped, so that only bounds that hold at every look
            say anything of it (gonogo.verdicts.method).
        stopped_early: when it ended before its duration because its criteria were decided, as planned; empty when not.
        valid: whether the generator kept its schedule well enough to judge the service.
        invalid_reason: what it failed in, with figures; empty when valid.
        labels: whatever the suite wants to find again.
    """

    name: str
    targets: tuple[str, ...]
    rate: float | None
    duration_s: float
    attack_s: float
    wait_s: float
    timeout_s: float
    connections: int
    seed: int = 0
    arrivals: str = "constant"
    warmup_s: float = 0.0
    warmup_requests: int = 0
    tightest_limit_s: float | None = None
    started_at: str = ""
    cut_short: str = ""
    anytime: bool = False
    stopped_early: str = ""
    valid: bool = True
    invalid_reason: str = ""
    generator: GeneratorFacts = GeneratorFacts()
    labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("duration_s", "attack_s", "wait_s"):
            if not math.isfinite(getattr(self, name)):
                raise MeasurementError(f"{name} is {getattr(self, name)}, no number of seconds", where=self.name)


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Columns and facts of one measured load."""

    columns: Columns
    facts: RunFacts
