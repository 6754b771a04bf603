"""Removing a session's namespaces, and seeing that they are gone."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Final

from gonogo.errors import EnvironmentFault
from gonogo.platforms.cluster.api import Api, Refused

__all__ = ["remove"]

_STOP_SLACK_S: Final = 30.0
_LOOK_S: Final = 0.1


def remove(api: Api, spaces: Collection[str], grace_s: float) -> None:
    """Delete namespaces and wait until the cluster lists none of them.

    Raises:
        EnvironmentFault: one is still there after ``grace_s`` and thirty seconds, or the API server does not answer.
    """
    for space in spaces:
        with suppress(Refused):
            api.delete(f"/api/v1/namespaces/{space}", propagationPolicy="Background")
    for space in spaces:
        with suppress(Refused):
            api.delete(f"/api/v1/namespaces/{space}/pods", gracePeriodSeconds=int(grace_s))
    if not _until(lambda: not any(_exists(api, space) for space in spaces), grace_s + _STOP_SLACK_S):
        left = [space for space in spaces if _exists(api, space)]
        raise EnvironmentFault(
            f"the namespaces {', '.join(left)} are still there {grace_s + _STOP_SLACK_S:.0f} s after their deletion",
            where=api.server,
            mend=f"see what holds them: kubectl describe namespace {left[0] if left else ''}",
        )


def _exists(api: Api, space: str) -> bool:
    try:
        api.get(f"/api/v1/namespaces/{space}")
    except Refused as refusal:
        return refusal.status != 404  # noqa: PLR2004 - HTTP's "not found"
    return True


def _until(holds: Callable[[], bool], within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK_S)
    return True
