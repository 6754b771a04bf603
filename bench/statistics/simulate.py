"""How often verdicts are wrong: simulated runs of services whose truth is known.

    python bench/statistics/simulate.py --runs 10000

writes its tables into docs/statistics.md. Every run of the first tables has a truth that is the limit itself, where
both GO and NO-GO are wrong and errors are most frequent. With --only, one part is made anew and the others stay. With
--keep FILE, what has been simulated is kept there, and a simulation that was ended goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path

import numpy as np
from kinds import KINDS
from looks import watch
from processes import PROCESSES, FloatArray, mean_of, quantile_of

from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.estimate import estimate
from gonogo.verdicts.evidence import IntArray, Proportion
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.judge import judge, outcome_of
from gonogo.verdicts.method import Method
from gonogo.verdicts.planning import chance, plan
from gonogo.verdicts.sequential import EARLIEST_GO_S
from gonogo.verdicts.verdict import Outcome

DOCUMENT = Path(__file__).parents[2] / "docs" / "statistics.md"
RATE = 1000
CHUNK = 25
BLOCKS = 200
LOOK = 200
BAD = 1 / 3
GOOD = 3.0
COVERED = ("p50", "p99", "success", "mean")
DOUBTS = (0.05, 0.01, 0.001, 0.0005)
SESSION = 100
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
    """Judge runs of a length set before: at the limit, well within it and well beyond it."""
    process, n, _, _ = task
    block, found = _blocks(n), Counter[tuple[object, ...]]()
    for values in _drawn(task):
        for room in (1.0, GOOD, BAD):
            for name, kind in KINDS.items():
                if room == 1 or name in ("p99", "success", "mean"):
                    evidence, criterion = kind.evidence(values, block, process, room), kind.criterion(process, room)
                    outcome = outcome_of(criterion, evidence)
                    found[process, name, room, outcome] += 1
                    if outcome is Outcome.NO_GO:
                        p = judge(criterion, evidence).p
                        for doubt in DOUBTS:
                            found[process, name, room, "p", doubt] += p is not None and p <= doubt
    return found


def sequential(task: Task) -> Counter[tuple[object, ...]]:
    """Watch runs, with a look at the end of every block of 0.2 s."""
    process, n, _, _ = task
    looks = list(range(LOOK, n + 1, LOOK))
    found = Counter[tuple[object, ...]]()
    values = np.stack(list(_drawn(task)))
    for room in (1.0, GOOD, BAD):
        for name in KINDS if room == 1 else ("p99",):
            for seen in watch(KINDS[name], process, room, values, looks, round(EARLIEST_GO_S * RATE)):
                found[process, name, room, seen.outcome] += 1
                if room != 1:
                    found["end", process, room, seen.requests] += 1
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
    for text, method in ((text, method) for text in PLANNED for method in Method):
        criterion = parse(text)
        n = _need(text, method)
        allowed = {"p95": 0.05, "p99": 0.01, "success": 0.001}.get(criterion.measure.name, 0.3)
        block = _blocks(n)
        due = np.bincount(block)
        for margin in (0.5, 0.9, 1.0):
            truth = margin * allowed if allowed < 0.3 else 0.2 + margin * 0.1
            for _ in range(runs):
                hits = np.bincount(block[rng.random(n) < truth], minlength=len(due))
                found[text, method.value, margin] += outcome_of(*_counted(text, hits, due), method=method) is Outcome.GO
    return found


def _need(text: str, method: Method) -> int:
    need = plan(parse(text), method)
    assert need is not None
    return 2 * need.with_one_failure


def _counted(text: str, hits: IntArray, due: IntArray) -> tuple[Criterion, Proportion]:
    criterion = parse(text)
    level = {"p95": 0.05, "p99": 0.01}.get(criterion.measure.name)
    if level is not None:
        return parse(f"errors <= {level!r}"), Proportion(hits, due, "slow requests")
    return criterion, Proportion(due - hits if criterion.measure.name == "success" else hits, due, "requests")


@dataclass(frozen=True, slots=True)
class Keeper:
    """What has been simulated already, in a file with one task a line; without a file, nothing is kept."""

    file: Path | None
    known: dict[str, list[list[object]]]

    @classmethod
    def of(cls, file: Path | None) -> Keeper:
        """Return what ``file`` holds; a line that was cut off is simulated again."""
        known: dict[str, list[list[object]]] = {}
        if file is not None and file.exists():
            for line in file.read_text(encoding="utf-8").splitlines():
                try:
                    name, counts = json.loads(line)
                except ValueError:
                    continue
                known[name] = counts
        return cls(file, known)

    def get(self, name: str) -> Counter[tuple[object, ...]] | None:
        """Return what the task called ``name`` gave."""
        counts = self.known.get(name)
        return None if counts is None else Counter({tuple(key): count for *key, count in counts})

    def put(self, name: str, found: Counter[tuple[object, ...]]) -> None:
        """Keep what a task gave."""
        if self.file is not None:
            with self.file.open("a", encoding="utf-8") as kept:
                kept.write(json.dumps([name, [[*key, int(count)] for key, count in found.items()]]) + "\n")


def spread_over_cores(
    work: Callable[[Task], Counter[tuple[object, ...]]],
    names: Sequence[str],
    n: int,
    runs: int,
    seed: int,
    keeper: Keeper,
) -> Counter[tuple[object, ...]]:
    """Return what ``runs`` runs of each process amount to, on two cores."""
    size = min(CHUNK, runs)
    tasks = [(name, n, size, 1000 * seed + chunk) for chunk in range(math.ceil(runs / size)) for name in names]
    total, missing = Counter[tuple[object, ...]](), []
    for task in tasks:
        found = keeper.get(f"{work.__name__} {task}")
        if found is None:
            missing.append(task)
        else:
            total.update(found)
    with Pool(2) as pool:
        for task, found in pool.imap_unordered(_Named(work), missing):
            keeper.put(f"{work.__name__} {task}", found)
            total.update(found)
    return total


@dataclass(frozen=True, slots=True)
class _Named:
    """Work that says which task its result belongs to."""

    work: Callable[[Task], Counter[tuple[object, ...]]]

    def __call__(self, task: Task) -> tuple[Task, Counter[tuple[object, ...]]]:
        return task, self.work(task)


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


def fixed_part(runs: int, seconds: int, keeper: Keeper) -> str:
    """Return the tables of runs of fixed length."""
    n = RATE * seconds
    found = spread_over_cores(fixed, tuple(PROCESSES), n, runs, 1, keeper)
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
            (
                "How small the *p* of a NO-GO is, truth at the limit (in a session of 100 criteria, the smallest "
                "must be at most 0.05 %):"
            ),
            table(("*p* at most, % of runs", *(f"{100 * doubt:g} %" for doubt in DOUBTS)), _p_rows(found, runs)),
            _session(found, runs),
        )
    )


def _p_rows(found: Counter[tuple[object, ...]], runs: int) -> Iterable[Sequence[str]]:
    for name in PROCESSES:
        worst = [max(found[name, kind, 1.0, "p", doubt] for kind in KINDS) for doubt in DOUBTS]
        yield (f"{name}, the worst kind", *(f"{100 * count / runs:.2f}" for count in worst))


def _session(found: Counter[tuple[object, ...]], runs: int) -> str:
    """Return how often a session of true criteria is NO-GO, and how often it is when one is obviously violated."""
    least = 0.05 / SESSION
    share = sum(found[name, kind, 1.0, "p", least] for name in PROCESSES for kind in KINDS) / (
        runs * len(PROCESSES) * len(KINDS)
    )
    seen = ", ".join(f"{name} {100 * found[name, 'p99', BAD, 'p', least] / runs:.0f}" for name in PROCESSES)
    return (
        f"A session of {SESSION} criteria, each at its limit and drawn from all of these, is falsely NO-GO in "
        f"{100 * (1 - (1 - share) ** SESSION):.1f} % of cases. A p99 three times too slow among {SESSION} criteria is "
        f"still NO-GO in this share of runs (%): {seen}."
    )


def sequential_part(runs: int, seconds: int, keeper: Keeper) -> str:
    """Return the tables of runs that stop when they are decided."""
    n = RATE * seconds
    found = spread_over_cores(sequential, tuple(PROCESSES), n, runs, 2, keeper)
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
            f"Up to {seconds} s at {RATE:,}/s, truth at the limit, a look every 0.2 s, {_with_error(runs)}:",
            errors_at_limit(found, early_go_is_right=True),
            "When a p99 was decided, of a limit three times as long as the truth (good) and a third of it (bad):",
            table(head, rows),
        )
    )


def coverage_part(runs: int, seconds: int, keeper: Keeper) -> str:
    """Return the table of how often bounds miss the truth."""
    found = spread_over_cores(coverage, tuple(PROCESSES), RATE * seconds, runs, 3, keeper)
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


def planned_part(runs: int, keeper: Keeper) -> str:
    """Return the table of the planned chance of GO beside the simulated one."""
    found = spread_over_cores(planned, ("independent",), 0, runs, 4, keeper)
    rows = []
    for text, method in ((text, method) for text in PLANNED for method in Method):
        n = _need(text, method)
        expected = [chance(parse(text), n, margin, method) or 0.0 for margin in (0.5, 0.9, 1.0)]
        seen = [percent(found[text, method.value, margin], runs) for margin in (0.5, 0.9, 1.0)]
        pairs = (f"{100 * planned:.1f} / {simulated}" for planned, simulated in zip(expected, seen, strict=True))
        rows.append((f"`{text}`", "may stop" if method is Method.ANYTIME else "fixed", f"{n:,}", *pairs))
    head = ("planned / simulated GO, %", "length", "requests", "half the margin", "nine tenths", "all of it")
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
    parser.add_argument("--keep", type=Path, help="file that keeps what has been simulated")
    parser.add_argument("--show", action="store_true", help="print the tables and leave the document as it is")
    given = parser.parse_args()
    keeper = Keeper.of(given.keep)
    parts: dict[str, Callable[[], str]] = {
        "fixed": lambda: fixed_part(given.runs, given.seconds, keeper),
        "sequential": lambda: sequential_part(given.runs, given.seconds, keeper),
        "coverage": lambda: coverage_part(given.runs, given.seconds, keeper),
        "planned": lambda: planned_part(given.runs, keeper),
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
