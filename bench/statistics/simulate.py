"""How often verdicts are wrong: simulated runs of services whose truth is known.

    python bench/statistics/simulate.py --runs 10000

writes its tables into docs/statistics.md. Every run of the first tables has a truth that is the limit itself, where
both GO and NO-GO are wrong and errors are most frequent. With --only, one part is made anew and the others stay.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from multiprocessing import Pool
from pathlib import Path

import numpy as np
from kinds import KINDS
from processes import PROCESSES, FloatArray, mean_of, quantile_of

from gonogo.verdicts.estimate import estimate
from gonogo.verdicts.evidence import IntArray, Proportion
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.judge import outcome_of
from gonogo.verdicts.planning import chance, plan
from gonogo.verdicts.sequential import EARLIEST_GO_S, Sequential
from gonogo.verdicts.verdict import Outcome

DOCUMENT = Path(__file__).parents[2] / "docs" / "statistics.md"
RATE = 1000
CHUNK = 25
BLOCKS = 200
GROWTH = 1.1
FIRST_LOOK = 100
BAD = 1 / 3
GOOD = 3.0
COVERED = ("p50", "p99", "success", "mean")
PLANNED = ("p95 <= 1s", "p99 <= 1s", "success >= 99.9%", "errors[timeout] between 10% and 30%")

Task = tuple[str, int, int, int]  # process, requests, runs, seed


def _blocks(n: int) -> IntArray:
    count = min(BLOCKS, n)
    return np.arange(n, dtype=np.int64) * count // n


def _drawn(task: Task) -> Iterable[FloatArray]:
    process, n, runs, seed = task
    rng = np.random.default_rng([seed, n, list(PROCESSES).index(process)])
    yield from PROCESSES[process].draw(rng, runs, n)


def fixed(task: Task) -> Counter[tuple[object, ...]]:
    """Judge runs of a length set before, at the limit and well within it."""
    process, n, _, _ = task
    block, found = _blocks(n), Counter[tuple[object, ...]]()
    for values in _drawn(task):
        for room in (1.0, GOOD):
            for name, kind in KINDS.items():
                if room == 1 or name in ("p99", "success", "mean"):
                    evidence = kind.evidence(values, block, process, room)
                    found[process, name, room, outcome_of(kind.criterion(process, room), evidence)] += 1
    return found


def sequential(task: Task) -> Counter[tuple[object, ...]]:
    """Watch runs, with a look whenever there are 5 % more requests."""
    process, n, _, _ = task
    steps = math.ceil(math.log(n / FIRST_LOOK) / math.log(GROWTH))
    looks = sorted({min(n, round(FIRST_LOOK * GROWTH**step)) for step in range(steps + 1)} | {n})
    found = Counter[tuple[object, ...]]()
    for values in _drawn(task):
        for room in (1.0, GOOD, BAD):
            names = tuple(KINDS) if room == 1 else ("p99",)
            state = Sequential(tuple(KINDS[name].criterion(process, room) for name in names))
            ends: dict[str, int] = {}
            for look in looks:
                block, seen = _blocks(look), values[:look]
                open_now = state.open()
                state = state.look(
                    [
                        KINDS[name].evidence(seen, block, process, room) if index in open_now else None
                        for index, name in enumerate(names)
                    ],
                    go=look >= EARLIEST_GO_S * RATE,
                )
                ends |= {names[index]: look for index in open_now if state.decided[index] is not None}
                if state.complete:
                    break
            for name, verdict in zip(names, state.decided, strict=True):
                found[process, name, room, verdict.outcome if verdict is not None else Outcome.INCONCLUSIVE] += 1
                if room != 1:
                    found["end", process, room, ends.get(name, n)] += 1
    return found


def coverage(task: Task) -> Counter[tuple[object, ...]]:
    """Count how often the truth lies outside the one-sided bounds that a run shows."""
    process, n, _, _ = task
    truths = {
        "p50": quantile_of(process, 0.5),
        "p99": quantile_of(process, 0.99),
        "success": 0.99,
        "mean": mean_of(process),
    }
    block, found = _blocks(n), Counter[tuple[object, ...]]()
    for values in _drawn(task):
        for name in COVERED:
            seen = estimate(KINDS[name].evidence(values, block, process, 1.0))
            found[process, name, "below"] += truths[name] < seen.low
            found[process, name, "above"] += truths[name] > seen.high
    return found


def planned(task: Task) -> Counter[tuple[object, ...]]:
    """Count GO of independent requests, as many as a criterion is said to need, at three places in its margin."""
    _, _, runs, seed = task
    rng, found = np.random.default_rng([seed, 99]), Counter[tuple[object, ...]]()
    for text in PLANNED:
        criterion = parse(text)
        n = _need(text)
        allowed = {"p95": 0.05, "p99": 0.01, "success": 0.001}.get(criterion.measure.name, 0.3)
        block = _blocks(n)
        due = np.bincount(block)
        for margin in (0.5, 0.9, 1.0):
            truth = margin * allowed if allowed < 0.3 else 0.2 + margin * 0.1
            for _ in range(runs):
                hits = np.bincount(block[rng.random(n) < truth], minlength=len(due))
                found[text, margin] += outcome_of(*_counted(text, hits, due)) is Outcome.GO
    return found


def _need(text: str) -> int:
    need = plan(parse(text))
    assert need is not None
    return 2 * need.with_one_failure


def _counted(text: str, hits: IntArray, due: IntArray) -> tuple[object, ...]:
    criterion = parse(text)
    level = {"p95": 0.05, "p99": 0.01}.get(criterion.measure.name)
    if level is not None:
        return parse(f"errors <= {level!r}"), Proportion(hits, due, "slow requests")
    return criterion, Proportion(due - hits if criterion.measure.name == "success" else hits, due, "requests")


def spread_over_cores(
    work: Callable[[Task], Counter[tuple[object, ...]]], names: Sequence[str], n: int, runs: int, seed: int
) -> Counter[tuple[object, ...]]:
    """Return what ``runs`` runs of each process amount to, on two cores."""
    size = min(CHUNK, runs)
    tasks = [(name, n, size, seed + chunk) for name in names for chunk in range(math.ceil(runs / size))]
    total = Counter[tuple[object, ...]]()
    with Pool(2) as pool:
        for found in pool.imap_unordered(work, tasks):
            total.update(found)
    return total


def percent(part: float, whole: float) -> str:
    """Return a percentage as it stands in a table."""
    return f"{100 * part / whole:.1f}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def error_of(runs: int) -> str:
    """Return the Monte-Carlo error of a figure of 5 %, two standard errors."""
    return f"± {200 * math.sqrt(0.05 * 0.95 / runs):.1f}"


def _with_error(runs: int) -> str:
    return f"{runs:,} runs each ({error_of(runs)} on 5 %)"


def errors_at_limit(found: Counter[tuple[object, ...]], *, early_go_is_right: bool) -> str:
    """Return the table of false GO and false NO-GO of every process and kind."""

    def cell(process: str, name: str) -> str:
        counts = {outcome: found[process, name, 1.0, outcome] for outcome in Outcome}
        runs = sum(counts.values())
        right = early_go_is_right and not PROCESSES[process].stationary
        go = "right" if right else percent(counts[Outcome.GO], runs)
        return f"{go} / {percent(counts[Outcome.NO_GO], runs)}"

    names = [name for name in PROCESSES if any(found[name, "p99", 1.0, outcome] for outcome in Outcome)]
    rows = [(name, *(cell(name, kind) for kind in KINDS)) for name in names]
    return table(("false GO / false NO-GO, %", *KINDS), rows)


def fixed_part(runs: int, seconds: int) -> str:
    """Return the tables of runs of fixed length."""
    n = RATE * seconds
    found = spread_over_cores(fixed, tuple(PROCESSES), n, runs, 1)
    kinds = ("p99", "success", "mean")
    rows = [
        (
            name,
            *(percent(found[name, kind, GOOD, Outcome.GO], runs) for kind in kinds),
            percent(sum(found[name, kind, GOOD, Outcome.NO_GO] for kind in kinds), 3 * runs),
        )
        for name in PROCESSES
    ]
    return "\n\n".join(
        (
            f"{seconds} s at {RATE:,}/s, truth at the limit, {runs:,} runs each ({error_of(runs)} on 5 %):",
            errors_at_limit(found, early_go_is_right=False),
            "The same runs with a limit three times as long (GO is right):",
            table(("GO, %", *kinds, "false NO-GO, %"), rows),
        )
    )


def sequential_part(runs: int, seconds: int) -> str:
    """Return the tables of runs that stop when they are decided."""
    n = RATE * seconds
    found = spread_over_cores(sequential, tuple(PROCESSES), n, runs, 2)
    rows = []
    for name in PROCESSES:
        cells = [name]
        for room, wrong in ((GOOD, Outcome.NO_GO), (BAD, Outcome.GO)):
            ends = sorted((key[3], count) for key, count in found.items() if key[:3] == ("end", name, room))
            spots = np.repeat([end for end, _ in ends], [count for _, count in ends]) / RATE
            decided = 1 - found[name, "p99", room, Outcome.INCONCLUSIVE] / runs
            cells += [
                f"{np.median(spots):.2g} s",
                f"{100 * decided:.0f}",
                percent(found[name, "p99", room, wrong], runs),
            ]
        rows.append(cells)
    head = ("p99", "good: median end", "decided, %", "false NO-GO, %", "bad: median end", "decided, %", "false GO, %")
    return "\n\n".join(
        (
            f"Up to {seconds} s at {RATE:,}/s, truth at the limit, a look every 10 % more, {_with_error(runs)}:",
            errors_at_limit(found, early_go_is_right=True),
            "When a p99 was decided, of a limit three times as long as the truth (good) and a third of it (bad):",
            table(head, rows),
        )
    )


def coverage_part(runs: int, seconds: int) -> str:
    """Return the table of how often bounds miss the truth."""
    found = spread_over_cores(coverage, tuple(PROCESSES), RATE * seconds, runs, 3)
    rows = [
        (
            name,
            *(
                f"{percent(found[name, kind, 'above'], runs)} / {percent(found[name, kind, 'below'], runs)}"
                for kind in COVERED
            ),
        )
        for name in PROCESSES
    ]
    return "\n\n".join(
        (
            f"{seconds} s at {RATE:,}/s, {runs:,} runs each ({error_of(runs)} on 5 %):",
            table(("truth above / below its bounds, %", *COVERED), rows),
        )
    )


def planned_part(runs: int) -> str:
    """Return the table of the planned chance of GO beside the simulated one."""
    found = spread_over_cores(planned, ("independent",), 0, runs, 4)
    rows = []
    for text in PLANNED:
        expected = [chance(parse(text), _need(text), margin) or 0.0 for margin in (0.5, 0.9, 1.0)]
        seen = [percent(found[text, margin], runs) for margin in (0.5, 0.9, 1.0)]
        pairs = (f"{100 * planned:.1f} / {simulated}" for planned, simulated in zip(expected, seen, strict=True))
        rows.append((f"`{text}`", f"{_need(text):,}", *pairs))
    head = ("planned / simulated GO, %", "requests", "half the margin", "nine tenths", "all of it")
    return "\n\n".join((f"{runs:,} runs each ({error_of(runs)} on 5 %):", table(head, rows)))


def write(part: str, text: str) -> None:
    """Put ``text`` between the marks of ``part`` in the document."""
    document = DOCUMENT.read_text(encoding="utf-8")
    begin, end = f"<!-- {part}: begin -->", f"<!-- {part}: end -->"
    before, _, rest = document.partition(begin)
    if not rest:
        sys.exit(f"{DOCUMENT} has no mark {begin}")
    after = rest.partition(end)[2]
    DOCUMENT.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")


def main() -> None:
    """Simulate and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10000, help="runs of each process (10000)")
    parser.add_argument("--seconds", type=int, default=10, help="seconds of load at 1000/s (10)")
    parser.add_argument("--only", choices=("fixed", "sequential", "coverage", "planned"), help="one part alone")
    parser.add_argument("--show", action="store_true", help="print the tables and leave the document as it is")
    given = parser.parse_args()
    parts: dict[str, Callable[[], str]] = {
        "fixed": lambda: fixed_part(given.runs, given.seconds),
        "sequential": lambda: sequential_part(given.runs, given.seconds),
        "coverage": lambda: coverage_part(given.runs, given.seconds),
        "planned": lambda: planned_part(given.runs),
    }
    for name in PROCESSES:  # before the workers are forked, so that each has the truths
        quantile_of(name, 0.5), quantile_of(name, 0.99), mean_of(name)
    for part, make in parts.items():
        if given.only in (None, part):
            start = time.monotonic()
            text = make()
            print(f"{text}\n\n{part}: {time.monotonic() - start:.0f} s\n", flush=True)
            if not given.show:
                write(part, text)


if __name__ == "__main__":
    main()
