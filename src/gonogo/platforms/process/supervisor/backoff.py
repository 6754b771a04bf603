"""How long a container waits before it is started again.

Kubernetes waits 10 s, doubled with every failure up to 300 s, and forgets after 600 s of running. Here everything is a
fiftieth of that (0.2 s, up to 6 s, 12 s): the same behaviour on the scale of a load test.
"""

from __future__ import annotations

__all__ = ["FORGET_S", "backoff_s", "shall_restart"]

_FIRST_S = 0.2
_MOST_S = 6.0
FORGET_S = 12.0


def backoff_s(failures: int) -> float:
    """Return the seconds to wait after the ``failures``-th end in a row, counted from 1."""
    return float(min(_MOST_S, _FIRST_S * 2 ** min(failures - 1, 16)))


def shall_restart(policy: str, *, good: bool, init: bool = False) -> bool:
    """Whether a container that ended is started again under the Pod's restart policy.

    Args:
        policy: ``Always``, ``OnFailure`` or ``Never``.
        good: whether it ended with exit status 0.
        init: an init container is done when it ended well, whatever the policy.
    """
    if good:
        return policy == "Always" and not init
    return policy != "Never"
