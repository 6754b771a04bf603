"""What holds for the connections to a destination."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gonogo.mesh.policy.balancer import Balancer
from gonogo.mesh.policy.outliers import Outliers
from gonogo.mesh.policy.pool import Pool

__all__ = ["UNRULED", "Traffic"]


@dataclass(frozen=True, slots=True)
class Traffic:
    """Connection pool, outlier detection and load balancing; None where nothing was declared."""

    pool: Pool | None = None
    outliers: Outliers | None = None
    balancer: Balancer | None = None

    def over(self, other: Traffic) -> Traffic:
        """Return this, with what it is silent about taken from ``other``."""
        return Traffic(
            self.pool if self.pool is not None else other.pool,
            self.outliers if self.outliers is not None else other.outliers,
            self.balancer if self.balancer is not None else other.balancer,
        )


UNRULED: Final = Traffic()
