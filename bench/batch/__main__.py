"""``python -m bench.batch``: how fast the batch job is beside the database itself and beside the usual way.

Prints Markdown. ``--rows N`` (65,322), ``--repeats N`` (5), ``--usual-rows N`` (1,000; the rest is extrapolated),
``--only sqlite|mariadb|postgresql``, ``--part speed|stages|jobs|plan``, ``--write FILE`` to write what is measured
between the markers ``batch`` of the file. All of it takes about five minutes on two quiet cores.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.batch.page import spread, table
from bench.batch.stages import STAGES, plan, stages
from bench.batch.subject import KINDS, Subject, subject
from bench.batch.together import together
from bench.batch.ways import bulk_constant, bulk_prepared, job, keep_prepared, row_by_row
from bench.page import write_between
from gonogo_services.batch.options import CHUNK
from gonogo_services.iris.cache import cached_model

_JOBS = (1, 2, 4, 8)
# Chunks that are small enough for eight jobs to share the rows, and one lane, so that jobs alone work side by side.
_SHARED = ("--lanes", "1", "--chunk", "2048")
_MARKER = "batch"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.batch", description=__doc__)
    parser.add_argument("--rows", type=int, default=65_322)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--usual-rows", type=int, default=1000)
    parser.add_argument("--only", choices=KINDS, action="append")
    parser.add_argument("--part", choices=tuple(_PARTS), action="append")
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    model = cached_model("iris_svc.onnx")
    chosen = given.part or list(_PARTS)
    found: dict[str, list[list[str]]] = {name: [] for name in chosen}
    with tempfile.TemporaryDirectory(prefix="gonogo-bench-") as folder:
        for kind in given.only or KINDS:
            with subject(kind, Path(folder), given.rows) as each:
                for name in chosen:
                    print(f"measuring {kind}: {name} …", file=sys.stderr)
                    found[name] += _PARTS[name](each, model, given)
    text = "\n\n".join(_SHOWN[name](found[name], given) for name in chosen)
    print(text)
    if given.write:
        write_between(given.write, _MARKER, text)
    return 0


def _speed(found: Subject, model: Path, given: argparse.Namespace) -> list[list[str]]:
    job(found, model)
    keep_prepared(found)
    ours, starts, prepared, constant = [], [], [], []
    for _ in range(given.repeats):
        found.reset()
        prepared.append(bulk_prepared(found))
        found.reset()
        seconds, whole, predicted = job(found, model)
        assert predicted == found.rows
        ours.append(seconds)
        starts.append(whole)
        found.reset()
        constant.append(bulk_constant(found))
    found.reset()
    usual = row_by_row(found, model, given.usual_rows) * found.rows / given.usual_rows
    mine = statistics.median(ours)
    return [
        [
            found.kind,
            spread(ours),
            spread(prepared),
            f"{mine / statistics.median(prepared):.2f}",
            spread(constant),
            f"{mine / statistics.median(constant):.2f}",
            f"{usual:.1f}",
            f"{usual / mine:.0f}",
            spread(starts),
        ]
    ]


def _show_speed(rows: list[list[str]], given: argparse.Namespace) -> str:
    heads = (
        "database",
        "job",
        "bulk update from a table",
        "ratio",
        "bulk update with a constant",
        "ratio",
        f"row by row ({given.usual_rows:,} rows, extrapolated)",
        "times faster",
        "job with its start",
    )
    return (
        f"{given.rows:,} rows predicted and stored: medians of {given.repeats} measurements in turns, lowest to "
        f"highest in brackets; seconds. {os.cpu_count()} cores. Both sides write the columns `prediction` and "
        "`updated_datetime` of all rows, keep the same indexes, and every commit is durable.\n\n" + table(heads, rows)
    )


def _stages(found: Subject, model: Path, _: argparse.Namespace) -> list[list[str]]:
    found.reset()
    spent = stages(found, model, CHUNK)
    return [[found.kind, *(f"{found.rows / spent[name]:,.0f}" for name in STAGES)]]


def _show_stages(rows: list[list[str]], _: argparse.Namespace) -> str:
    return "Rows per second of each stage, in one thread:\n\n" + table(("database", *STAGES), rows)


def _jobs(found: Subject, model: Path, given: argparse.Namespace) -> list[list[str]]:
    rows, alone = [], 0.0
    for count in _JOBS:
        runs = []
        for _ in range(min(3, given.repeats)):
            found.reset()
            runs.append(together(found, model, count, _SHARED))
        middle = sorted(runs, key=lambda run: run.rows_per_s)[len(runs) // 2]
        alone = alone or middle.rows_per_s
        speed_up = f"{middle.rows_per_s / alone:.2f}"
        rows.append([found.kind, str(count), f"{middle.rows_per_s:,.0f}", speed_up, middle.limit])
    return rows


def _show_jobs(rows: list[list[str]], given: argparse.Namespace) -> str:
    return (
        f"Jobs at the same time on one table of {given.rows:,} rows, `{' '.join(_SHARED)}`: from the moment in which "
        f"all are ready to the last commit, the middle one of {min(3, given.repeats)} runs. Every row was predicted "
        "once in each.\n\n" + table(("database", "jobs", "rows/s", "speed-up", "limit"), rows)
    )


def _plan(found: Subject, model: Path, _: argparse.Namespace) -> list[list[str]]:
    found.reset()
    job(found, model, "--last-id", str(found.rows // 2))
    return [[found.kind, plan(found, CHUNK)]]


def _show_plan(rows: list[list[str]], _: argparse.Namespace) -> str:
    plans = "\n\n".join(f"{kind}:\n\n```\n{text}\n```" for kind, text in rows)
    return f"The plan of a chunk in the middle of the table, the first half of which is predicted:\n\n{plans}"


_PARTS: dict[str, Callable[[Subject, Path, argparse.Namespace], list[list[str]]]] = {
    "speed": _speed,
    "stages": _stages,
    "jobs": _jobs,
    "plan": _plan,
}
_SHOWN: dict[str, Callable[[list[list[str]], argparse.Namespace], str]] = {
    "speed": _show_speed,
    "stages": _show_stages,
    "jobs": _show_jobs,
    "plan": _show_plan,
}


if __name__ == "__main__":
    sys.exit(main())
