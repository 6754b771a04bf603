"""Capacity: the highest rate at which the criteria hold, found by measuring, and what follows for the breaker.

::

    found = capacity(stack["iris-svc"].target("GET", "/predict/test"), require=["p99 <= 200ms"])
    found.rate                 # requests per second
    found.limits               # for the breaker, at 80 % of that
    found.verify()             # twice the capacity, with these limits acting
"""

from gonogo.experiments.capacity.capacity import Capacity, Probe
from gonogo.experiments.capacity.search import CapacitySearch

__all__ = ["Capacity", "CapacitySearch", "Probe"]
