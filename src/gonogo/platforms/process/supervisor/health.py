"""What probe answers add up to, and when to probe next. Pure: clocks and answers come in."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Tally", "eager_delay_s"]

_EAGER_FIRST_S = 0.01
_EAGER_MOST_S = 0.1
_EAGER_GROWTH = 1.4


def eager_delay_s(attempt: int, period_s: float) -> float:
    """Return the wait before probe ``attempt`` (from 0) of a container that has not been ready yet.

    A period says how often a running service is asked. A starting one is asked sooner, so that a stack is ready when
    its services are, and not up to a period later.
    """
    return min(period_s, _EAGER_MOST_S, _EAGER_FIRST_S * _EAGER_GROWTH ** min(attempt, 32))


@dataclass
class Tally:
    """Probe answers in a row against the thresholds.

    Attributes:
        holds: what the answers amount to now: True after ``success_threshold`` good ones in a row, False after
            ``failure_threshold`` bad ones.
    """

    success_threshold: int
    failure_threshold: int
    holds: bool = False
    _good: int = 0
    _bad: int = 0

    def add(self, *, good: bool) -> bool:
        """Count one answer and return ``holds``."""
        if good:
            self._good, self._bad = self._good + 1, 0
            if self._good >= self.success_threshold:
                self.holds = True
        else:
            self._good, self._bad = 0, self._bad + 1
            if self._bad >= self.failure_threshold:
                self.holds = False
        return self.holds

    @property
    def exhausted(self) -> bool:
        """Whether the bad answers in a row have reached the threshold."""
        return self._bad >= self.failure_threshold
