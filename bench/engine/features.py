"""Measure what checks, extraction and templates cost: closed loops against a local nginx, taking turns.

    python -m bench.engine.features --seconds 2 --repetitions 5

Ratios are to the plain target of the same round: of answers a second, and of the engine's CPU time a request, which
what else runs on the machine disturbs less.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from statistics import median

from bench.engine.nginx import nginx
from gonogo.load.driver import start
from gonogo.load.plan import LoadPlan
from gonogo.load.target import Target
from gonogo.units import format_duration

_NGINX_CPU, _ENGINE_CPU = 0, 1
_ROWS = [{"x": [5.1, 3.5, 1.4, number / 100]} for number in range(150)]


def _targets(url: str) -> dict[str, Target]:
    return {
        "plain": Target("GET", url),
        "a status expected": Target.build("GET", url, expect=200),
        "a JSON path expected": Target.build("GET", url, expect={"$.mode": "svc"}),
        "a header expected": Target.build("GET", url, expect={"header": {"Connection": "keep-alive"}}),
        "a field extracted": Target.build("GET", url, extract={"mode": "$.mode"}),
        "expected and extracted": Target.build("GET", url, expect={"$.mode": "svc"}, extract={"mode": "$.mode"}),
        "answers all different": Target.build(
            "GET", f"{url}{{request_id}}", expect={"$.mode": "svc"}, extract={"p": "$.p"}
        ),
        "POST": Target.build("POST", url, json={"data": _ROWS[0]["x"]}),
        "POST, rows": Target.build("POST", url, json={"data": "{row.x}"}, data=_ROWS),
        "an id in a header": Target.build("GET", url, headers={"X-Request-Id": "{request_id}"}),
    }


def main() -> None:
    """Run what the command line asks for and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0, help="seconds of each run (2)")
    parser.add_argument("--repetitions", type=int, default=5, help="rounds (5)")
    given = parser.parse_args()
    print(f"load average before: {os.getloadavg()[0]:.2f} on {os.cpu_count()} CPUs")
    rates: dict[str, list[float]] = {}
    costs: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        answer = '{"mode": "svc", "p": "$request_uri"}'
        with nginx(folder, cpu=_NGINX_CPU, body=answer) as url:
            for _ in range(given.repetitions):
                for kind, target in _targets(url).items():
                    plan = LoadPlan("bench", (target,), None, given.seconds, connections=64, cores=(_ENGINE_CPU,))
                    with start(plan, folder / "spool") as running:
                        run = running.wait()
                    assert run.columns.success.all(), kind
                    rates.setdefault(kind, []).append(len(run.columns) / given.seconds)
                    costs.setdefault(kind, []).append(run.facts.generator.cpu_s / len(run.columns))
    print(f"{'target':>24} {'answers/s':>10} {'to plain':>20} {'CPU/request':>12} {'to plain':>20}")
    for kind, answered in rates.items():
        cost = format_duration(median(costs[kind]))
        print(f"{kind:>24} {median(answered):>10,.0f} {_to_plain(rates, kind)} {cost:>12} {_to_plain(costs, kind)}")


def _to_plain(measured: dict[str, list[float]], kind: str) -> str:
    ratios = sorted(one / plain for one, plain in zip(measured[kind], measured["plain"], strict=True))
    return f"{f'{median(ratios):.0%} ({ratios[0]:.0%} to {ratios[-1]:.0%})':>20}"


if __name__ == "__main__":
    main()
