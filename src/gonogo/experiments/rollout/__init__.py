"""Progressive rollout: the candidate's weight grows step by step under one load, and goes back at the first NO-GO.

::

    done = rollout(
        stack["iris"].target("POST", "/predict", json=flower, headers={"x-user": "{user}"}, extract={"user": "{user}"}),
        service="iris", current="svc", candidate="rf", rate=500, require=["success.difference >= -1%"],
    )
    assert done.go
"""

from gonogo.experiments.rollout.decision import Action, Decision, Seen, decide
from gonogo.experiments.rollout.plan import STEPS, RolloutPlan, Step
from gonogo.experiments.rollout.result import RolloutResult, StepRecord
from gonogo.experiments.rollout.rollout import Rollout, RolloutOptions

__all__ = [
    "STEPS",
    "Action",
    "Decision",
    "Rollout",
    "RolloutOptions",
    "RolloutPlan",
    "RolloutResult",
    "Seen",
    "Step",
    "StepRecord",
    "decide",
]
