"""What becomes of rows that cannot be predicted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gonogo_services.errors import SettingsError

__all__ = ["LEAVE", "POLICIES", "RETRY_ALL", "RETRY_FAILED", "Policy", "Retry"]

RETRY_ALL: Final = "retry-all"
RETRY_FAILED: Final = "retry-failed"
LEAVE: Final = "leave"
POLICIES: Final = (RETRY_ALL, RETRY_FAILED, LEAVE)

_LONGEST_WAIT_S = 3600.0


@dataclass(frozen=True, slots=True)
class Retry:
    """What becomes of one row after a failure: parked, or tried again after ``wait_s`` seconds."""

    parked: bool
    wait_s: float


@dataclass(frozen=True, slots=True)
class Policy:
    """What becomes of rows that cannot be predicted.

    Attributes:
        name: ``retry-all``: all rows in one transaction, or none; ``retry-failed``: only those rows again, then parked;
            ``leave``: not again in this run.
        attempts: how often a row (``retry-failed``) or the whole (``retry-all``) is tried before it is given up.
        backoff_s: seconds to wait before the second attempt; twice as long before each further one, at most an hour.
        never: ``leave``: not in a later run either.
    """

    name: str = RETRY_FAILED
    attempts: int = 3
    backoff_s: float = 1.0
    never: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be followed.

        Raises:
            SettingsError: the name is not known, or a number is out of range.
        """
        if self.name not in POLICIES:
            raise SettingsError(f"the policy {self.name!r} is not known; use one of {', '.join(POLICIES)}")
        if self.attempts < 1:
            raise SettingsError(f"{self.attempts} attempts make no sense; use 1 or more")
        if not 0 <= self.backoff_s <= _LONGEST_WAIT_S:
            raise SettingsError(f"a backoff of {self.backoff_s} s is out of range; use 0 to {_LONGEST_WAIT_S:.0f}")
        if self.never and self.name != LEAVE:
            raise SettingsError(f"rows are left for ever by the policy {LEAVE} only, not by {self.name}")

    def wait_s(self, attempts: int) -> float:
        """Return the seconds to wait after the failure number ``attempts``."""
        return min(_LONGEST_WAIT_S, self.backoff_s * 2.0 ** (min(attempts, 64) - 1))

    def after_failure(self, attempts: int) -> Retry:
        """Return what becomes of a row that has failed ``attempts`` times, this one included."""
        if self.name == LEAVE:
            return Retry(parked=self.never, wait_s=0.0)
        return Retry(parked=attempts >= self.attempts, wait_s=self.wait_s(attempts))
