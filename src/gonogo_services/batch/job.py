"""``python -m gonogo_services.batch.job``: predict every row of the table ``items`` that has no prediction."""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Final

from gonogo_services.batch.address import address_from
from gonogo_services.batch.crew import Crew, join_parent
from gonogo_services.batch.database import Database
from gonogo_services.batch.deadline import REFUSE, SCALE, foresee, seconds
from gonogo_services.batch.due import Due, count_due
from gonogo_services.batch.errors import LATE, UNFINISHED, DatabaseError, DeadlineRefused
from gonogo_services.batch.failures import waiting
from gonogo_services.batch.options import Options, parse_options
from gonogo_services.batch.policy import RETRY_ALL
from gonogo_services.batch.progress import Progress
from gonogo_services.batch.reference import Reference
from gonogo_services.batch.run import Run
from gonogo_services.batch.sampled import GO, NO_GO, Limits, judge_sample
from gonogo_services.batch.sampling import take_sample
from gonogo_services.batch.schema import prepare_tables
from gonogo_services.batch.stop import Stop
from gonogo_services.batch.trial import try_out
from gonogo_services.environment import Environment
from gonogo_services.iris.classifier import Classifier
from gonogo_services.model_file import ModelFile
from gonogo_services.program import exit_with

__all__ = ["main", "set_up_interpreter", "work"]

_FIRST_WAIT_S: Final = 0.25
_TRIAL_ROWS: Final = 1024
_TRIAL_SHARE: Final = 50
_COLLECT_AFTER: Final = 100_000
_SWITCH_S: Final = 0.0005


class _Job:
    """The job with what is around it: sample, deadline, helpers and the summary."""

    def __init__(self, options: Options, database: Database, classifier: Classifier, stop: Stop, crew: Crew) -> None:
        self._options = options
        self._database = database
        self._classifier = classifier
        self._stop = stop
        self._crew = crew
        self._warned = False

    def run(self, *, helper: bool) -> int:
        options = self._options
        run = Run(self._database, options, self._classifier.probabilities, self._stop, _say, self._watch)
        _say(f"{run.total:,} rows to predict in {self._database.described}, policy {options.policy.name}")
        if options.deadline is not None and not helper and run.total:
            self._foresee(run)
        run.finish()
        helpers = self._crew.finish()
        summary = self._summarise(run.progress, [found for _, found in helpers])
        sys.stdout.write(json.dumps(summary) + "\n")
        _say(
            f"{summary['predicted']:,} rows predicted in {seconds(run.progress.elapsed_s)}, "
            f"{summary['rows_per_s']:,} rows/s; {summary['given_up']:,} given up, {summary['left']:,} left"
            + (" (reasons: GET /data/parked, or the table batch_failures)" if summary["given_up"] else "")
            + ("; after the deadline" if summary["late"] else "")
        )
        if self._stop.requested and summary["left"]:
            return UNFINISHED
        return LATE if summary["late"] else max((status for status, _ in helpers), default=0)

    def _summarise(self, progress: Progress, helpers: list[dict[str, int]]) -> dict[str, float]:
        selection, dialect = self._options.selection, self._database.dialect
        with self._database.reading() as connection:
            given_up = waiting(connection, dialect, selection).parked
            left = count_due(connection, dialect, Due(selection, all_failed=True)) - given_up
        counts, took_s = asdict(progress.counts), progress.elapsed_s
        together = {name: own + sum(found.get(name, 0) for found in helpers) for name, own in counts.items()}
        return {
            **together,
            "given_up": given_up,
            "left": left,
            "seconds": round(took_s, 3),
            "rows_per_s": round(together["predicted"] / took_s, 1) if took_s > 0 else 0.0,
            "late": self._options.deadline is not None and self._left_s() < 0,
            "stopped": self._stop.requested,
        }

    def sample(self) -> int:
        options, model = self._options, self._classifier.model
        reference = None if options.reference is None else Reference.read(options.reference)
        sample = take_sample(
            self._database,
            Due(options.selection),
            self._classifier.probabilities,
            size=options.sample,
            seed=options.sample_seed,
            clock=time.monotonic,
        )
        for row, reason in sorted(sample.failed.items())[:10]:
            _say(f"row {row}: {reason}")
        limits = Limits(options.max_failures, options.max_drift)
        judgment = judge_sample(sample.rows, sample.classes, len(sample.failed), limits, reference, model.sha256)
        rate = judgment.rows / sample.seconds if sample.seconds > 0 else 0.0
        if options.write_reference is not None and len(sample.rows):
            Reference.of(sample.rows, sample.classes, model.sha256).write(options.write_reference)
        document = {
            "verdict": judgment.verdict,
            "rows": judgment.rows,
            "rows_per_s": round(rate, 1),
            "criteria": [
                {"name": part.name, **asdict(part.observed), "limit": part.limit, "verdict": part.verdict}
                for part in judgment.criteria
            ],
            "classes": {name: asdict(found) for name, found in judgment.classes.items()},
            "notes": judgment.notes,
        }
        sys.stdout.write(json.dumps(document) + "\n")
        _say(f"{judgment.verdict}: {judgment.rows:,} rows sampled, {rate:,.0f} rows/s, nothing kept")
        return {GO: 0, NO_GO: 1}.get(judgment.verdict, 3)

    def _foresee(self, run: Run) -> None:
        options = self._options
        rows = min(options.chunk, max(32, min(_TRIAL_ROWS, run.total // _TRIAL_SHARE)))
        pace = try_out(
            self._database,
            run.due,
            options.policy,
            self._classifier.probabilities,
            rows=rows,
            clock=time.monotonic,
        )
        estimate = pace.estimate(run.total)
        left_s = self._left_s()
        if estimate is None:
            if left_s <= 0 and options.on_deadline == REFUSE:
                raise DeadlineRefused(f"the deadline was {seconds(-left_s)} ago; nothing was done")
            _say(f"too few rows to say when they will be done; the deadline is in {seconds(max(0.0, left_s))}")
            return
        forecast = foresee(estimate, left_s)
        if forecast.late and options.on_deadline == REFUSE:
            raise DeadlineRefused(f"{forecast.sentence}; nothing was done")
        _say(f"{forecast.sentence}, as measured in a trial that was rolled back")
        if not forecast.in_time:
            self._mend(forecast.jobs, late=forecast.late)

    def _watch(self, progress: Progress) -> None:
        if self._stop.requested:
            self._crew.stop()
        estimate = progress.estimate()
        if self._options.deadline is None or estimate is None:
            return
        forecast = foresee(estimate, self._left_s())
        if forecast.late:
            if not self._warned:
                _say(forecast.sentence)
            self._warned = True
            self._mend(forecast.jobs * (len(self._crew) + 1), late=True)

    def _mend(self, jobs: int, *, late: bool) -> None:
        options = self._options
        whole = options.policy.name == RETRY_ALL
        if options.on_deadline == SCALE and not whole:
            wanted = min(options.jobs, jobs) if jobs else options.jobs
            if wanted - 1 > len(self._crew):
                _say(f"working with {wanted} jobs from now on")
                self._crew.grow(wanted - 1)
            elif late and len(self._crew) + 1 >= options.jobs and not self._warned:
                _say(f"no more than {options.jobs} jobs are allowed; it will be late")
        elif not self._warned:
            _say("warning: the deadline " + ("will not be met" if late else "may not be met"))

    def _left_s(self) -> float:
        deadline = self._options.deadline
        return (deadline - datetime.now(UTC)).total_seconds() if deadline else float("inf")


def main() -> int:
    """Run the job that the command line and the environment describe and return the exit status."""
    set_up_interpreter()
    return work(sys.argv[1:], os.environ)


def set_up_interpreter() -> None:
    """Set the interpreter up for few large steps; for a process that is a job and nothing else."""
    # What is loaded stays; what a chunk makes has no cycles and is freed without the collector's walks.
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 50, 50)
    # A lane whose turn to write has come shall not wait for another one's Python.
    sys.setswitchinterval(_SWITCH_S)


def work(arguments: list[str], values: Mapping[str, str]) -> int:
    """Run the job and return the exit status; the summary goes to standard output, as one line of JSON.

    Args:
        arguments: the command line's.
        values: the environment.

    Raises:
        ServiceError: the job cannot start or go on; its message and exit status say why.
    """
    helper = join_parent(values)
    options = parse_options(arguments, values, datetime.now(UTC))
    address = address_from(Environment(values))
    classifier = Classifier(ModelFile.read(options.model))
    classifier.open()
    database = Database(address, lease_s=options.lease_s)
    try:
        with Stop() as stop:
            _connect(database, options, stop)
            job = _Job(options, database, classifier, stop, Crew(arguments, values))
            return job.sample() if options.sample else job.run(helper=helper)
    finally:
        database.close()


def _connect(database: Database, options: Options, stop: Stop) -> None:
    """Prepare the tables; wait for a database that is away."""
    for attempt in range(1, options.tries + 1):
        try:
            prepare_tables(database)
        except DatabaseError as error:
            if not error.transient or attempt == options.tries or stop.requested:
                raise
            wait_s = _FIRST_WAIT_S * 2 ** (attempt - 1)
            _say(f"{error}; trying again in {wait_s:g} s")
            stop.wait(wait_s)
        else:
            return


def _say(line: str) -> None:
    sys.stderr.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    exit_with("job", main)
