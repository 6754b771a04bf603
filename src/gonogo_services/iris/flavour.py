"""The three ways in which the iris service is asked for predictions."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Flavour"]


class Flavour(StrEnum):
    """How predictions are asked for and answered.

    - PLAIN: the prediction and nothing else.
    - SHADOW: the client names each request by a job id in the path, which the answer repeats, so that the answers of
      two models to one request can be joined.
    - ONLINE_AB: as PLAIN, and the answer names the model file that made it.
    """

    PLAIN = "plain"
    SHADOW = "shadow"
    ONLINE_AB = "online-ab"
