"""Rules on a shadow, watched while it runs: the first one that is broken stops the mirroring."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Final, Self

import numpy as np

from gonogo.capture.joining import joined
from gonogo.capture.observed import observed
from gonogo.capture.record import Captured, Captures
from gonogo.errors import GonogoError, UsageError
from gonogo.measures.registry import evidence
from gonogo.measures.sides import SERVICE
from gonogo.runs.run import Run, RunFacts
from gonogo.suite.parity import Capture
from gonogo.suite.traffic import Traffic, TrafficChange
from gonogo.units import format_duration
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.judge import judge
from gonogo.verdicts.method import Method
from gonogo.verdicts.verdict import Outcome, Verdict

__all__ = ["Stopped", "Watchdog", "watched_run"]

_LOOK_S: Final = 0.2
_GROWTH: Final = 1.05
_FIRST_LOOK: Final = 100
_BETWEEN_S: Final = 1.0
_CHEAP: Final = 20_000
_EPOCH_S: Final = 10.0
_OF_THE_DOUBT: Final = 0.1
"""A stop is not undone, and its verdict must stand among all criteria of a session (Hochberg's correction)."""
_WATCHED: Final = ("parity.", "shadow.", "live.", "mirror.leaked")


@dataclass(frozen=True, slots=True)
class Stopped:
    """That the mirroring was stopped.

    Attributes:
        verdict: on the rule that was broken.
        after_s: seconds of watching until it was found broken.
        took_s: seconds from then until no more copies were sent.
        change: of the traffic rules.
    """

    verdict: Verdict
    after_s: float
    took_s: float
    change: TrafficChange

    def __str__(self) -> str:
        return (
            f"the mirroring was stopped after {format_duration(self.after_s)}, {format_duration(self.took_s)} after "
            f"this rule was found broken: {self.verdict.expression}: {self.verdict.reason}"
        )


class Watchdog:
    """Watches a shadow between entering and leaving the ``with`` block; write it around the load.

    A rule is broken when bounds that hold at every look say so: one series of looks at all that happened, and one that
    begins anew every ten seconds, so that a shadow that goes bad late is found soon. A tenth of the doubt that the
    rule's confidence leaves is shared out among them.

    Args:
        capture: of the Service whose shadow is watched.
        traffic: stops the mirroring.
        rules: criteria on ``parity.…``, ``shadow.…``, ``live.…``.
        overdue_s: a copy without an answer for so long counts as failed.

    Raises:
        UsageError: a rule speaks of something else, or there is none.
    """

    def __init__(
        self, capture: Capture, traffic: Traffic, rules: Sequence[str | Criterion], *, overdue_s: float = 2.0
    ) -> None:
        self.rules = tuple(parse(rule) if isinstance(rule, str) else rule for rule in rules)
        if not self.rules:
            raise UsageError("a watchdog without rules", mend='give rules such as "shadow.success >= 99%"')
        for rule in self.rules:
            if not str(rule.measure).startswith(_WATCHED):
                raise UsageError(
                    f"{rule} cannot be watched at the shadow",
                    mend=f"write rules on {', '.join(_WATCHED)}; the others belong into require=",
                )
        if capture.shared:
            raise UsageError(
                f"replicas of {capture.name} answer for another captured Service, too",
                where="load.watching",
                mend="capture the one that is watched, and no other that leads to the same replicas",
            )
        self.stopped: Stopped | None = None
        self._capture = capture
        self._traffic = traffic
        self._overdue_s = overdue_s
        self._over = threading.Event()
        self._failure: GonogoError | None = None
        self._captures = Captures()
        self._whole_look = (0, 0.0)
        self._late_look_s = 0.0
        self._thread = threading.Thread(target=self._watch, name="gonogo-watchdog", daemon=True)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdict on each rule: of the one that was broken, that by which it was; of the others, that so far."""
        self._gather()
        run = self._run(time.time(), self._begun_s)
        broken = self.stopped.verdict if self.stopped else None
        found = []
        for rule in self.rules:
            if broken is not None and broken.expression == str(rule):
                found.append(replace(broken, reason=f"{broken.reason} {self._told()}"))
            else:
                found.append(judge(rule, evidence(run, rule.measure), method=Method.ANYTIME))
        return tuple(found)

    def __enter__(self) -> Self:
        self._capture.begin()
        self._begun_s = time.time()
        self._feeds = self._capture.fresh_feeds()
        for feed in self._feeds:
            feed.skip()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        if self._failure is not None and error is None:
            raise self._failure

    def _watch(self) -> None:
        try:
            while not self._over.wait(_LOOK_S):
                broken = self._look(time.time())
                if broken is not None:
                    found_s = time.monotonic()
                    change = self._traffic.stop_mirror(
                        self._capture.name, why=f"{broken.expression} is broken: {broken.reason}"
                    )
                    took_s = time.monotonic() - found_s
                    self.stopped = Stopped(broken, time.time() - took_s - self._begun_s, took_s, change)
                    return
        except GonogoError as failure:
            self._failure = failure

    def _look(self, now_s: float) -> Verdict | None:
        """Return the verdict on the first rule that is broken; None when none is, or too little is new."""
        self._gather()
        doubts = []
        if self._is_new(now_s):
            self._whole_look = (len(self._captures), now_s)
            # Half of the doubt for the whole, half for all epochs together: 1/2 + 1/6 + 1/12 + … is 1.
            doubts.append((self._begun_s, 0.5))
        epoch = int((now_s - self._begun_s) // _EPOCH_S)
        if epoch and now_s - self._late_look_s >= _BETWEEN_S:
            self._late_look_s = now_s
            doubts.append((self._begun_s + epoch * _EPOCH_S, 0.5 / ((epoch + 1) * (epoch + 2))))
        for since_s, share in doubts:
            run = self._run(now_s, since_s)
            for rule in self.rules:
                stricter = rule.at(1 - share * _OF_THE_DOUBT * (1 - rule.confidence))
                seen = judge(stricter, evidence(run, rule.measure), method=Method.ANYTIME)
                if seen.outcome is Outcome.NO_GO:
                    # At the rule's own confidence again, which the many looks have been paid for with.
                    return replace(seen, expression=str(rule), confidence=rule.confidence)
        return None

    def _is_new(self, now_s: float) -> bool:
        """Whether the whole is worth another look, which takes the longer the more there is."""
        count, then_s = self._whole_look
        grown = len(self._captures) >= max(_FIRST_LOOK, count * _GROWTH)
        return grown or (0 < len(self._captures) < _CHEAP and now_s - then_s >= _BETWEEN_S)

    def _run(self, now_s: float, since_s: float) -> Run:
        return watched_run(
            self._captures.since(since_s), self._capture, now_s=now_s, begun_s=since_s, overdue_s=self._overdue_s
        )

    def _gather(self) -> None:
        self._captures.take(one for feed in self._feeds for one in feed.news())

    def _told(self) -> str:
        assert self.stopped is not None  # noqa: S101 - asked only when it is there
        return (
            f"The mirroring was stopped {format_duration(self.stopped.after_s)} after the watch began, within "
            f"{format_duration(self.stopped.took_s)}."
        )


def watched_run(
    captures: Sequence[Captured], capture: Capture, *, now_s: float, begun_s: float, overdue_s: float
) -> Run:
    """Return what was captured as a run of the requests that the current model got, as far as all is known of them.

    Args:
        captures: of both sides, in order of their beginning.
        capture: says which side is whose, and how bodies are read.
        now_s: seconds since 1970.
        begun_s: when the watch began; requests before are left out.
        overdue_s: a request without an answer for so long counts as failed.
    """
    sides = capture.sides
    late = [one for one in captures if one.began_s >= begun_s]
    waiting = [one.began_s for one in late if not one.ended and now_s - one.began_s < overdue_s]
    # Copies come a moment after their requests, and lines a moment after both.
    until_s = min([now_s - overdue_s / 4, *waiting])
    known = [one for one in late if one.began_s < until_s]
    live = [one for one in known if one.replica in sides.live]
    if sides.live == sides.shadow:
        live = list({one.request_id: one for one in reversed(live)}.values())[::-1]
    count = len(live)
    status = np.array([one.status for one in live], np.int16)
    due_s = np.array([one.began_s - begun_s for one in live], np.float64)
    latency = np.array([np.nan if one.latency_s is None else one.latency_s for one in live], np.float64)
    further = joined(
        [one.request_id for one in live], [one.replica for one in live], late, sides=sides, reading=capture.reading
    )
    further = {**further, SERVICE: np.full(count, capture.name, dtype=object)}
    success = np.array([one.succeeded for one in live], np.bool_)
    columns = observed(due_s, latency, status, success, further)
    spent_s = max(0.0, now_s - begun_s)
    facts = RunFacts(
        name="watched",
        targets=("captured",),
        rate=None,
        duration_s=spent_s,
        attack_s=spent_s,
        wait_s=0.0,
        timeout_s=overdue_s,
        connections=1,
    )
    return Run(columns, facts)
