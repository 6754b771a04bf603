"""Naps: sleeping until the next request is due, whatever is answered meanwhile.

Waking up is what costs an engine most at low rates: tens of microseconds on a virtual machine, more than everything
else that a request needs. Where the next request is due in a moment, the engine therefore reads the answers that come
until then afterwards; when they came, the kernel has noted (:mod:`gonogo.load.engine.arrival`). It does so only while
no request can be the later for it: there is a free connection, nothing is half sent, and answers are small and come in
one part.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gonogo.load.engine.arrival import Arrivals
from gonogo.load.engine.pool import Pool

__all__ = ["may_nap"]

_LONGEST_S: Final = 300e-6


def may_nap(left_s: float, arrivals: Arrivals | None, pools: Sequence[Pool]) -> bool:
    """Return whether answers may be left until the next request is due.

    Args:
        left_s: seconds until then.
        arrivals: tells when answers came; None where that is not known.
        pools: of the engine.
    """
    if left_s > _LONGEST_S or arrivals is None or not arrivals.known:
        return False
    for pool in pools:  # noqa: SIM110 - asked for every request: a generator takes three times as long
        if not pool.can_wait:
            return False
    return True
