"""Facts as a suite states them: counts and times of its own, judged and written into the judgment as criteria."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gonogo.measures.stated import judge_stated, parse_stated
from gonogo.suite.run import RunVerdict
from gonogo.verdicts.verdict import Verdict

__all__ = ["Facts"]


class Facts:
    """The ``facts`` fixture: ``facts.require("batch.duration <= 10min", job.duration_s)``.

    Args:
        name: of the test, for messages.
        record: writes verdicts down in the session's judgment.
    """

    def __init__(self, name: str, record: Callable[[Sequence[Verdict]], None]) -> None:
        self._name = name
        self._record = record
        self._verdicts: tuple[Verdict, ...] = ()

    @property
    def go(self) -> RunVerdict:
        """The verdict on all facts stated so far; write ``assert facts.go``."""
        return RunVerdict(self._name, self._verdicts)

    def require(self, expression: str, observed: float, *, of: int = 1, unless: str = "") -> RunVerdict:
        """Judge a fact and write it into the judgment.

        Args:
            expression: a name of your own with a dot, a comparison and a limit, such as ``batch.rows_lost == 0``,
                ``batch.duration <= 10min`` or ``batch.failed <= 0.1%``.
            observed: the figure: a count, seconds, or a share of 0 to 1. NaN is no data, which is never GO.
            of: how many things it was counted on.
            unless: why the figure says nothing about it, such as the ``untested`` of a scale-out: the verdict is
                INCONCLUSIVE with this reason. Empty: it does.

        Returns:
            The verdict on this fact alone.

        Raises:
            GrammarError: the expression cannot be read.
        """
        verdict = judge_stated(parse_stated(expression), observed, of=of, unless=unless)
        self._record((verdict,))
        self._verdicts += (verdict,)
        return RunVerdict(self._name, (verdict,))
