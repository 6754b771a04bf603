"""The load generators that are compared, each asked in its own words."""

from __future__ import annotations

import json
import re
import shutil
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from bench.peers.tool import Outcome, Task, Tool, run_on
from gonogo.load.driver import start
from gonogo.load.plan import LoadPlan
from gonogo.load.target import Target
from gonogo.units import format_duration, parse_duration

__all__ = ["TOOLS"]

_START_S = 60.0
_K6 = """
import http from 'k6/http';
export const options = {
  scenarios: { load: SCENARIO }, summaryTrendStats: ['med', 'p(99)'], discardResponseBodies: true,
};
export default function () { http.get('URL'); }
"""
_LOCUST = """
from locust import FastHttpUser, task
class User(FastHttpUser):
    @task
    def ask(self):
        self.client.get("/")
"""


def _found(pattern: str, text: str) -> str:
    """Return what the group of a pattern finds in what a tool wrote."""
    match = re.search(pattern, text, re.MULTILINE)
    if match is None:
        raise SystemExit(f"nothing like {pattern} in:\n{text}")
    return match.group(1)


class _Program:
    """A tool that is a program on PATH."""

    name = ""

    @property
    def missing(self) -> str:
        """The program's name when it is not on PATH."""
        return "" if shutil.which(self.name) else self.name


class Gonogo:
    """This project's engine."""

    name = "gonogo"
    open_loop = True
    missing = ""

    def measure(self, task: Task) -> Outcome:
        """Run it once."""
        plan = LoadPlan(
            "bench",
            (Target("GET", task.url),),
            task.rate,
            task.seconds,
            connections=task.connections,
            cores=(task.cpu,),
        )
        with start(plan, task.folder) as running:
            run = running.wait()
        columns = run.columns
        latency = columns.latency_s[columns.success]
        lag = columns.lag_s[np.isfinite(columns.sent_s)]
        p50, p99 = np.percentile(latency, [50, 99])
        note = f"lag p99 {format_duration(float(np.percentile(lag, 99)))}" if task.rate else ""
        if not run.facts.valid:
            note = f"INVALID: {run.facts.invalid_reason}"
        return Outcome(len(latency), float(p50), float(p99), run.facts.generator.cpu_s, note)


class Wrk(_Program):
    """wrk: a closed loop in C."""

    name = "wrk"
    open_loop = False

    def measure(self, task: Task) -> Outcome:
        """Run it once."""
        command = ["wrk", "-t1", f"-c{task.connections}", f"-d{task.seconds:g}s", "--latency", task.url]
        text, cpu_s = run_on(task.cpu, command, limit_s=task.seconds + _START_S)
        p50, p99 = (parse_duration(_found(rf"^ +{share}% +(\S+)$", text)) for share in (50, 99))
        answers = int(_found(r"(\d+) requests in", text))
        return Outcome(answers, p50, p99, cpu_s)


class Hey(_Program):
    """hey: a closed loop in Go."""

    name = "hey"
    open_loop = False

    def measure(self, task: Task) -> Outcome:
        """Run it once."""
        command = ["hey", "-z", f"{task.seconds:g}s", "-c", str(task.connections), task.url]
        text, cpu_s = run_on(task.cpu, command, limit_s=task.seconds + _START_S)
        answers = int(_found(r"\[200\]\s+(\d+) responses", text))
        found = (re.search(rf"{share}%+ in ([\d.]+) secs", text) for share in (50, 99))
        p50, p99 = (float(one.group(1)) if one else float("nan") for one in found)
        return Outcome(answers, p50, p99, cpu_s)


class Vegeta(_Program):
    """vegeta: an open loop in Go; with rate 0 and a number of workers, a closed loop."""

    name = "vegeta"
    open_loop = True

    def measure(self, task: Task) -> Outcome:
        """Run it once."""
        targets, results = task.folder / "targets", task.folder / "results"
        targets.write_text(f"GET {task.url}\n")
        pace = [f"-rate={task.rate:g}"] if task.rate else ["-rate=0", f"-max-workers={task.connections}"]
        pace.append(f"-connections={task.connections}")
        command = [
            "vegeta",
            "attack",
            *pace,
            f"-duration={task.seconds:g}s",
            f"-targets={targets}",
            f"-output={results}",
        ]
        _, cpu_s = run_on(task.cpu, command, limit_s=task.seconds + _START_S)
        text, _ = run_on(task.cpu, ["vegeta", "report", "-type=json", results], limit_s=_START_S)
        told = json.loads(text)
        answers = told["status_codes"].get("200", 0)
        latencies = told["latencies"]
        return Outcome(
            answers, latencies["50th"] / 1e9, latencies["99th"] / 1e9, cpu_s, f"reports {told['success']:.1%} success"
        )


class K6(_Program):
    """k6: scripted in JavaScript, closed or open loop."""

    name = "k6"
    open_loop = True

    def measure(self, task: Task) -> Outcome:
        """Run it once."""
        length = f"{task.seconds:g}s"
        users = task.connections
        scenario: dict[str, object] = {"executor": "constant-vus", "vus": users, "duration": length}
        if task.rate:
            scenario = {"executor": "constant-arrival-rate", "rate": round(task.rate), "duration": length}
            scenario |= {"preAllocatedVUs": users, "maxVUs": 4 * users}
        script, summary = task.folder / "k6.js", task.folder / "k6.json"
        script.write_text(_K6.replace("SCENARIO", json.dumps(scenario)).replace("URL", task.url))
        command = ["k6", "run", "--quiet", "--no-usage-report", f"--summary-export={summary}", script]
        _, cpu_s = run_on(task.cpu, command, limit_s=task.seconds + _START_S)
        told = json.loads(summary.read_text())["metrics"]
        dropped = told.get("dropped_iterations", {}).get("count", 0)
        times = told["http_req_duration"]
        answers = told["http_reqs"]["count"] - told["http_req_failed"].get("passes", 0)
        note = f"{dropped:,} dropped" if dropped else ""
        return Outcome(answers, times["med"] / 1e3, times["p(99)"] / 1e3, cpu_s, note)


class Locust(_Program):
    """Locust with its faster HTTP client: a closed loop in Python."""

    name = "locust"
    open_loop = False

    def measure(self, task: Task) -> Outcome:
        """Run it once."""
        script = task.folder / "locustfile.py"
        script.write_text(_LOCUST)
        users = str(task.connections)
        command = ["locust", "-f", script, "--headless", "--only-summary", "--json", "--host", task.url.rstrip("/")]
        command += ["-u", users, "-r", users, "-t", f"{task.seconds:g}s"]
        text, cpu_s = run_on(task.cpu, command, limit_s=task.seconds + _START_S)
        (told,) = json.loads(text[text.index("[") :])
        spread = sorted((float(value), count) for value, count in told["response_times"].items())
        sorted_ms = np.repeat([value for value, _ in spread], [count for _, count in spread])
        p50, p99 = np.percentile(sorted_ms, [50, 99]) / 1e3
        return Outcome(told["num_requests"] - told["num_failures"], float(p50), float(p99), cpu_s)


@dataclass(frozen=True, slots=True)
class Httpx:
    """httpx with asyncio: a closed loop as people write it in a script."""

    name: str = "httpx"
    open_loop: bool = False

    @property
    def missing(self) -> str:
        """The package's name when it is not installed."""
        return "" if find_spec("httpx") else "httpx"

    def measure(self, task: Task) -> Outcome:
        """Run it once."""
        script = Path(__file__).with_name("httpx_loop.py")
        command = [sys.executable, script, task.url, str(task.connections), str(task.seconds)]
        text, cpu_s = run_on(task.cpu, command, limit_s=task.seconds + _START_S)
        answers, p50, p99 = json.loads(text)
        return Outcome(answers, p50, p99, cpu_s)


TOOLS: tuple[Tool, ...] = (Gonogo(), Wrk(), Vegeta(), Hey(), K6(), Locust(), Httpx())
"""The tools in the order in which they are shown."""
