"""Scale-out behind the breaker: rejections buy the time in which replicas arrive, and fall as they do.

::

    seen = scale_out(stack["iris-svc"].target("GET", "/predict/test"), rate=300, duration="90s")
    seen.first, seen.last        # share of rejections at the beginning and at the end
"""

from gonogo.experiments.scale_out.observer import ScaleOut
from gonogo.experiments.scale_out.result import ScaleOutResult, rejected_by_second

__all__ = ["ScaleOut", "ScaleOutResult", "rejected_by_second"]
