"""Measures the time from the command to the first request. Try: python bench/first_request.py --repetitions 5.

Runs ``pytest`` on a suite of one short load, once with the manifests of the load test as they are and once with three
replicas of eight workers, and compares the start of the process with the due time of its first request.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).parent.parent

SUITE = """\
import pytest

pytestmark = [pytest.mark.loadtest, pytest.mark.stack("manifests")]


def test_first_request(stack, load):
    load(stack["iris-svc"].target("GET", "/predict/test"), rate=100, duration="200ms")
"""

SHAPES = {"as shipped": (1, 2), "3 replicas of 8 workers": (3, 8)}


def _project(folder: Path, replicas: int, workers: int) -> None:
    (folder / "manifests").mkdir()
    for file in (ROOT / "manifests/load_test").glob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        text = text.replace("replicas: 1", f"replicas: {replicas}")
        text = text.replace(
            'name: WORKERS\n              value: "2"', f'name: WORKERS\n              value: "{workers}"'
        )
        (folder / "manifests" / file.name).write_text(text, encoding="utf-8")
    (folder / "test_first.py").write_text(SUITE, encoding="utf-8")
    (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\n", encoding="utf-8")


def seconds_to_first_request(replicas: int, workers: int) -> float:
    """Run one session and return the seconds from its command to its first request."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _project(folder, replicas, workers)
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        begun = time.time()
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q"],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        judgment = folder / "judgment" / "judgment.json"
        if done.returncode != 0 or not judgment.exists():
            raise SystemExit(f"the session failed:\n{done.stdout}{done.stderr}")
        run = json.loads(judgment.read_text(encoding="utf-8"))["runs"][0]
        summary = json.loads((folder / "judgment" / run["folder"] / "summary.json").read_text(encoding="utf-8"))
        return datetime.fromisoformat(summary["facts"]["started_at"]).timestamp() - begun


def main() -> None:
    """Print a table of the two shapes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=5)
    repetitions = parser.parse_args().repetitions
    print("| stack | median | fastest | slowest |\n|---|---|---|---|")
    for label, (replicas, workers) in SHAPES.items():
        seconds_to_first_request(replicas, workers)  # the first fills caches: models, bytecode
        seen = [seconds_to_first_request(replicas, workers) for _ in range(repetitions)]
        print(f"| {label} | {statistics.median(seen):.2f} s | {min(seen):.2f} s | {max(seen):.2f} s |")


if __name__ == "__main__":
    main()
