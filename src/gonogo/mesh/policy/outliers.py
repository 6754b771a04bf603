"""When a replica that fails is left out for a while."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Outliers"]


@dataclass(frozen=True, slots=True)
class Outliers:
    """Outlier detection; None is Envoy's default, which is given with each attribute.

    Attributes:
        consecutive_5xx: answers of 5xx in a row that eject a replica (5); 0 ejects none for that.
        consecutive_gateway: answers of 502, 503 and 504 in a row (off); 0 ejects none for that.
        consecutive_local: connections in a row that failed, where ``split_local`` counts them apart.
        interval_s: between looks at what was counted (10 s).
        base_ejection_s: how long a replica is left out, times the number of its ejections (30 s).
        max_ejection_share: most replicas that are out at once (0.1).
        min_healthy_share: below which all replicas are used again, ejected or not (0: never).
    """

    consecutive_5xx: int | None = None
    consecutive_gateway: int | None = None
    consecutive_local: int | None = None
    split_local: bool = False
    interval_s: float | None = None
    base_ejection_s: float | None = None
    max_ejection_share: float | None = None
    min_healthy_share: float = 0.0
