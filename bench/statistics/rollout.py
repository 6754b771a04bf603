"""How often splits and rollouts decide wrongly.

python bench/statistics/rollout.py --runs 10000 --write docs/rollout.md

Requests, and users, are independent, and bounds are those that verdicts use at a design effect of 1. In a run the
effect is measured and never below 1, which only makes decisions rarer. Of rollouts every look is simulated.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gonogo.verdicts.evidence import Split
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.judge import judge
from gonogo.verdicts.method import Method
from gonogo.verdicts.sequential import EARLIEST_GO_S
from gonogo.verdicts.verdict import Outcome

RATE = 500
MOST_S = 60.0
GROWTH = 1.1
CURRENT = 0.001
LIMIT = -0.01
DOUBT = 0.05
STEPS = (1, 5, 25, 50)
Floats = npt.NDArray[np.float64]


def split_rates(
    rng: np.random.Generator, runs: int, n: int, truth: float, margin: str, *, noun: str
) -> tuple[int, int]:
    """Return how many of ``runs`` splits of ``n``, declared 60/40, are GO and NO-GO where the truth is ``truth``."""
    criterion = parse(f"split[mode: a 60, b 40] within {margin}")
    found = {Outcome.GO: 0, Outcome.NO_GO: 0, Outcome.INCONCLUSIVE: 0}
    # What is independent is told by its counts: each that comes is judged once.
    for hits, times in zip(*np.unique(rng.binomial(n, truth, runs), return_counts=True), strict=True):
        shared = Split(("a", "b"), (0.6, 0.4), np.array([[hits, n - hits]]), np.zeros(1, np.int64), noun)
        found[judge(criterion, shared).outcome] += int(times)
    return found[Outcome.GO], found[Outcome.NO_GO]


@cache
def bounds(hits: int, trials: int, doubt: float) -> tuple[float, float]:
    """Return the bounds on a share that hold at every look at once."""
    sure = 1 - doubt
    return Method.ANYTIME.at_least(hits, trials, sure), Method.ANYTIME.at_most(hits, trials, sure)


def of_all(hits: npt.NDArray[np.int64], trials: int, doubt: float) -> tuple[Floats, Floats]:
    """Return the bounds for each run."""
    known = {int(count): bounds(int(count), trials, doubt) for count in np.unique(hits)}
    low, high = (np.array([known[int(count)][side] for count in hits]) for side in (0, 1))
    return low, high


def step(rng: np.random.Generator, runs: int, percent: int, failing: float) -> tuple[Floats, Floats]:
    """Return when each run's step was GO and when it was NO-GO, in seconds; infinite where it was not.

    Args:
        rng: of the failures.
        runs: how many.
        percent: the candidate's weight.
        failing: share of its requests that fail.
    """
    go, no_go = np.full(runs, np.inf), np.full(runs, np.inf)
    good_c, good_s = np.zeros(runs, np.int64), np.zeros(runs, np.int64)
    seen_c = seen_s = looked = 0
    while looked < RATE * MOST_S:
        looked = min(int(RATE * MOST_S), max(100, round(looked * GROWTH)))
        more_c = looked * percent // 100 - seen_c
        more_s = looked - looked * percent // 100 - seen_s
        good_c += rng.binomial(more_c, 1 - failing, runs)
        good_s += rng.binomial(more_s, 1 - CURRENT, runs)
        seen_c, seen_s, at_s = seen_c + more_c, seen_s + more_s, looked / RATE
        if seen_c < 20:
            continue
        shown = difference(good_c, seen_c, good_s, seen_s, DOUBT)[0] >= LIMIT
        kept = DOUBT * 0.1 / Method.ANYTIME.against(0.1)
        refuted = difference(good_c, seen_c, good_s, seen_s, kept)[1] < LIMIT
        open_ = np.isinf(go) & np.isinf(no_go)
        no_go[open_ & refuted] = at_s
        if at_s >= EARLIEST_GO_S:
            go[open_ & shown & ~refuted] = at_s
    return go, no_go


def difference(
    good_c: npt.NDArray[np.int64], seen_c: int, good_s: npt.NDArray[np.int64], seen_s: int, doubt: float
) -> tuple[Floats, Floats]:
    """Return the bounds on the difference of two shares for each run."""
    low_c, high_c = of_all(good_c, seen_c, doubt / 2)
    low_s, high_s = of_all(good_s, seen_s, doubt / 2)
    return low_c - high_s, high_c - low_s


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def percent(count: float, runs: int) -> str:
    """Return a share with one digit."""
    return f"{100 * count / runs:.1f}"


def splits(rng: np.random.Generator, runs: int) -> str:
    """Return the table of splits."""
    rows = []
    for n, noun, margin, truths in (
        (20_000, "requests", "2%", (0.6, 0.62, 0.58, 0.65, 0.55)),
        (1_000, "users", "5%", (0.6, 0.65, 0.55, 0.70, 0.50)),
    ):
        for truth in truths:
            go, no_go = split_rates(rng, runs, n, truth, margin, noun=noun)
            rows.append(
                (
                    f"{n:,} {noun} within {margin}",
                    f"{truth:.0%} / {1 - truth:.0%}",
                    percent(go, runs),
                    percent(no_go, runs),
                )
            )
    return table(("declared 60 / 40", "truth", "GO, %", "NO-GO, %"), rows)


def rollouts(rng: np.random.Generator, runs: int) -> str:
    """Return the table of rollout steps."""
    rows = []
    candidates = {"at the limit": CURRENT - LIMIT, "sound": CURRENT, "2 % fail": 0.02, "5 % fail": 0.05}
    for name, failing in candidates.items():
        for weight in STEPS:
            go, no_go = step(rng, runs, weight, failing)
            taken, back = np.isfinite(go), np.isfinite(no_go)
            held = runs - int(taken.sum()) - int(back.sum())
            figures = [
                (percent(int(done.sum()), runs), f"{np.median(times[done]):.1f} s" if done.any() else "never")
                for times, done in ((go, taken), (no_go, back))
            ]
            rows.append((name, f"{weight} %", *figures[0], *figures[1], percent(held, runs)))
    head = ("candidate", "weight", "step, %", "median after", "rollback, %", "median after", "hold, %")
    return table(head, rows)


def main() -> None:
    """Simulate, print, and write into the page when one is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    rng = np.random.default_rng(given.seed)
    margin = 196 * np.sqrt(DOUBT * (1 - DOUBT) / given.runs)
    text = (
        f"{given.runs:,} runs each (± {margin:.1f} on 5 %):\n\n{splits(rng, given.runs)}\n\n"
        f"`success.difference >= {LIMIT:.0%}` at {RATE}/s for up to {MOST_S:g} s, the current model failing "
        f"{CURRENT:.1%}, {given.runs:,} runs each:\n\n{rollouts(rng, given.runs)}"
    )
    print(text)
    if given.write:
        page = given.write.read_text(encoding="utf-8")
        marked = re.compile(r"(<!-- simulated: begin -->\n\n).*(\n\n<!-- simulated: end -->)", re.DOTALL)
        given.write.write_text(marked.sub(lambda found: f"{found[1]}{text}{found[2]}", page), encoding="utf-8")


if __name__ == "__main__":
    main()
