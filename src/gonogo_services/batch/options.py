"""What the job takes from its command line and its environment."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from gonogo_services.batch.claims.choice import AUTO, KINDS
from gonogo_services.batch.database import LEASE_S
from gonogo_services.batch.deadline import ON_DEADLINE, WARN, parse_deadline
from gonogo_services.batch.policy import POLICIES, RETRY_FAILED, Policy
from gonogo_services.batch.selection import Selection
from gonogo_services.environment import Environment
from gonogo_services.errors import SettingsError

__all__ = ["Options", "parse_options"]

CHUNK: Final = 8192
_LARGEST_CHUNK = 100_000
_MOST_LANES = 16
_SWITCHES: Final = ("never", "unpark")
_VALUES: Final = (
    "first-id",
    "last-id",
    "created-from",
    "created-until",
    "limit",
    "policy",
    "attempts",
    "backoff-s",
    "chunk",
    "lanes",
    "claims",
    "lease-s",
    "tries",
    "progress-s",
    "deadline",
    "on-deadline",
    "jobs",
    "sample",
    "sample-seed",
    "reference",
    "write-reference",
    "max-failures",
    "max-drift",
)


@dataclass(frozen=True, slots=True)
class Options:
    """How a job works.

    Attributes:
        model: path of the ONNX model.
        chunk: rows that are predicted in one call and written in one transaction.
        lanes: chunks at the same time.
        limit: rows altogether; None: all.
        tries: how often a chunk is tried while the database is away.
        deadline: when the rows must be done.
        jobs: jobs on this machine at most, when ``on_deadline`` is ``scale``.
        sample: predict so many rows and keep nothing; 0: the job proper.
        index: this job's number among ``completions`` jobs that begin at different rows.
    """

    model: Path
    policy: Policy = field(default_factory=Policy)
    selection: Selection = field(default_factory=Selection)
    chunk: int = CHUNK
    lanes: int = 2
    limit: int | None = None
    claims: str = AUTO
    lease_s: float = LEASE_S
    tries: int = 5
    unpark: bool = False
    progress_s: float = 10.0
    deadline: datetime | None = None
    on_deadline: str = WARN
    jobs: int = 1
    sample: int = 0
    sample_seed: int = 0
    reference: Path | None = None
    write_reference: Path | None = None
    max_failures: float = 0.01
    max_drift: float = 0.2
    index: int = 0
    completions: int = 1

    def __post_init__(self) -> None:
        """Refuse what cannot be worked with.

        Raises:
            SettingsError: a number is out of range.
        """
        _within("chunk", self.chunk, 1, _LARGEST_CHUNK)
        _within("lanes", self.lanes, 1, _MOST_LANES)
        _within("lease-s", self.lease_s, 1, 86400)
        _within("tries", self.tries, 1, 1000)
        _within("jobs", self.jobs, 1, 64)
        _within("limit", 1 if self.limit is None else self.limit, 1, 10**12)
        _within("max-failures", self.max_failures, 0, 1)
        if not 0 <= self.index < self.completions:
            raise SettingsError(f"job {self.index} of {self.completions} is none; indices begin at 0")


def parse_options(arguments: Sequence[str], values: Mapping[str, str], now: datetime) -> Options:
    """Return the options from the command line, and for what it leaves out from ``BATCH_*`` variables.

    Raises:
        SettingsError: a value is missing or cannot be used.
        SystemExit: the command line asks for help or cannot be parsed.
    """
    given = _parser().parse_args([*_stated(values), *arguments])
    environment = Environment(values)
    completions = environment.whole_number("JOB_COMPLETIONS", 1)
    return Options(
        model=Path(environment.required("MODEL_FILEPATH", "the path of an ONNX model such as iris_svc.onnx")),
        policy=Policy(given.policy, given.attempts, given.backoff_s, never=given.never),
        selection=Selection(
            given.first_id, given.last_id, _moment(given.created_from, now), _moment(given.created_until, now)
        ),
        chunk=given.chunk,
        lanes=given.lanes,
        limit=given.limit,
        claims=given.claims,
        lease_s=given.lease_s,
        tries=given.tries,
        unpark=given.unpark,
        progress_s=given.progress_s,
        deadline=parse_deadline(given.deadline, now) if given.deadline else None,
        on_deadline=given.on_deadline,
        jobs=given.jobs,
        sample=given.sample,
        sample_seed=given.sample_seed,
        reference=given.reference,
        write_reference=given.write_reference,
        max_failures=given.max_failures,
        max_drift=given.max_drift,
        index=environment.whole_number("JOB_COMPLETION_INDEX", 0) if completions > 1 else 0,
        completions=completions,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m gonogo_services.batch.job",
        description="Predict every row of the table items that has no prediction. Each option can be given as an "
        "environment variable too: --first-id as BATCH_FIRST_ID.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    rows = parser.add_argument_group("rows")
    rows.add_argument("--first-id", type=int, help="smallest id")
    rows.add_argument("--last-id", type=int, help="largest id")
    rows.add_argument("--created-from", help="created at or after this moment (ISO 8601, UTC without a zone)")
    rows.add_argument("--created-until", help="created before this moment")
    rows.add_argument("--limit", type=int, help="at most so many rows")
    failures = parser.add_argument_group("rows that cannot be predicted")
    failures.add_argument("--policy", choices=POLICIES, default=RETRY_FAILED, help="what becomes of them")
    failures.add_argument("--attempts", type=int, default=3, help="attempts before a row is parked, or all given up")
    failures.add_argument(
        "--backoff-s", type=float, default=1.0, help="seconds before the second attempt; then doubled"
    )
    failures.add_argument("--never", action="store_true", help="with the policy leave: not in later runs either")
    failures.add_argument("--unpark", action="store_true", help="try rows again that were parked")
    work = parser.add_argument_group("work")
    work.add_argument("--chunk", type=int, default=CHUNK, help="rows of one prediction and one transaction")
    work.add_argument("--lanes", type=int, default=2, help="chunks at the same time")
    work.add_argument("--claims", choices=KINDS, default=AUTO, help="how chunks are held")
    work.add_argument("--lease-s", type=float, default=LEASE_S, help="seconds until a silent job loses its rows")
    work.add_argument("--tries", type=int, default=5, help="attempts at a chunk while the database is away")
    work.add_argument("--progress-s", type=float, default=10.0, help="seconds between progress lines")
    deadline = parser.add_argument_group("deadline")
    deadline.add_argument("--deadline", help="when the rows must be done: a moment, or a duration such as 45m")
    deadline.add_argument("--on-deadline", choices=ON_DEADLINE, default=WARN, help="what to do when they would not be")
    deadline.add_argument("--jobs", type=int, default=1, help="with scale: at most so many jobs on this machine")
    sample = parser.add_argument_group("sample")
    sample.add_argument("--sample", type=int, default=0, help="judge so many random rows and keep nothing of it")
    sample.add_argument("--sample-seed", type=int, default=0, help="which rows; 0: others each time")
    sample.add_argument("--reference", type=Path, help="JSON file that the sample is compared with")
    sample.add_argument("--write-reference", type=Path, help="write the sample there as the reference")
    sample.add_argument("--max-failures", type=float, default=0.01, help="share of rows that may fail")
    sample.add_argument("--max-drift", type=float, default=0.2, help="population stability index that may be reached")
    return parser


def _stated(values: Mapping[str, str]) -> list[str]:
    """Return what the environment says in the words of the command line, which is parsed after it and wins."""
    environment = Environment(values)
    arguments = [
        f"--{name}={values[variable]}"
        for name in _VALUES
        if values.get(variable := f"BATCH_{name.replace('-', '_').upper()}")
    ]
    return arguments + [f"--{name}" for name in _SWITCHES if environment.switch(f"BATCH_{name.upper()}", default=False)]


def _moment(text: str | None, now: datetime) -> datetime | None:
    return None if text is None else parse_deadline(text, now).astimezone(UTC).replace(tzinfo=None)


def _within(option: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise SettingsError(f"--{option} {value:g} is out of range; use {low:g} to {high:g}")
