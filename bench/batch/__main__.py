"""``python -m bench.batch``: how fast the batch job is beside the database itself and beside the usual way.

Prints Markdown. ``--rows N`` (65,322), ``--repeats N`` (5), ``--usual-rows N`` (1,000; the rest is extrapolated),
``--only sqlite|mariadb|postgresql``.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

from bench.batch.stages import STAGES, plan, stages
from bench.batch.subject import KINDS, Subject, subject
from bench.batch.ways import bulk_constant, bulk_prepared, job, keep_prepared, row_by_row
from gonogo_services.batch.options import CHUNK
from gonogo_services.iris.cache import cached_model

_JOBS = (1, 2, 4, 8)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.batch", description=__doc__)
    parser.add_argument("--rows", type=int, default=65_322)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--usual-rows", type=int, default=1000)
    parser.add_argument("--only", choices=KINDS, action="append")
    given = parser.parse_args()
    model = cached_model("iris_svc.onnx")
    speeds, parts, jobs, plans = [], [], [], []
    with tempfile.TemporaryDirectory(prefix="gonogo-bench-") as folder:
        for kind in given.only or KINDS:
            with subject(kind, Path(folder), given.rows) as found:
                print(f"measuring {kind} …", file=sys.stderr)
                speeds.append(_speeds(found, model, given.repeats, given.usual_rows))
                parts.append(_parts(found, model))
                jobs.append(_jobs(found, model))
                plans.append(_plan(found, model))
    rows = f"{given.rows:,}"
    print(f"## {rows} rows predicted and stored\n")
    print(f"Medians of {given.repeats} measurements in turns, lowest to highest in brackets; seconds.")
    print(f"{os.cpu_count()} cores. Every commit is durable.\n")
    _table(
        "database",
        "job",
        "bulk update from a table",
        "ratio",
        "bulk update with a constant",
        "ratio",
        f"row by row ({given.usual_rows:,} rows, extrapolated)",
        "times faster",
        "job with its start",
        rows=speeds,
    )
    print("\n## Rows per second of each stage, in one thread\n")
    _table("database", *STAGES, rows=parts)
    print("\n## Jobs at the same time: seconds from the first start to the last end\n")
    _table("database", *(f"{count} job{'s' if count > 1 else ''}" for count in _JOBS), rows=jobs)
    print("\n## The plan of a chunk in the middle of the table")
    for text in plans:
        print(f"\n{text}")
    return 0


def _speeds(found: Subject, model: Path, repeats: int, usual_rows: int) -> list[str]:
    job(found, model)
    keep_prepared(found)
    ours, starts, prepared, constant = [], [], [], []
    for _ in range(repeats):
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
    usual = row_by_row(found, model, usual_rows) * found.rows / usual_rows
    mine = statistics.median(ours)
    return [
        found.kind,
        _spread(ours),
        _spread(prepared),
        f"{mine / statistics.median(prepared):.2f}",
        _spread(constant),
        f"{mine / statistics.median(constant):.2f}",
        f"{usual:.1f}",
        f"{usual / mine:.0f}",
        _spread(starts),
    ]


def _parts(found: Subject, model: Path) -> list[str]:
    found.reset()
    spent = stages(found, model, CHUNK)
    return [found.kind, *(f"{found.rows / spent[name]:,.0f}" for name in STAGES)]


def _jobs(found: Subject, model: Path) -> list[str]:
    cells = [found.kind]
    for count in _JOBS:
        found.reset()
        _, whole, predicted = job(found, model, "--lanes", "1", "--chunk", "2048", jobs=count)
        assert predicted == found.rows
        cells.append(f"{whole:.2f}")
    return cells


def _plan(found: Subject, model: Path) -> str:
    found.reset()
    job(found, model, "--last-id", str(found.rows // 2))
    return f"{found.kind}:\n\n```\n{plan(found, CHUNK)}\n```"


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.3f} [{min(values):.3f}, {max(values):.3f}]"


def _table(*heads: str, rows: list[list[str]]) -> None:
    print(f"| {' | '.join(heads)} |")
    print("|" + "---|" * len(heads))
    for row in rows:
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    sys.exit(main())
