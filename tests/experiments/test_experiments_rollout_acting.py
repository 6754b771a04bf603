"""Acting on decisions, with a load and a clock made up: weights go up, go back, or stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

from fixtures.runs import build_run
from gonogo.experiments.rollout import Action, StepRecord
from gonogo.experiments.rollout.plan import Require, read_plan
from gonogo.experiments.rollout.rollout import _Acting
from gonogo.measures.sequential import Load
from gonogo.runs.run import Columns

RATE = 200.0


@dataclass
class Clock:
    """Time that passes when somebody waits."""

    now_s: float = 0.0

    def wait(self, seconds: float) -> bool:
        """Let time pass."""
        self.now_s += seconds
        return False


@dataclass
class World:
    """A load of two models under weights that change.

    Attributes:
        failing_each: which of the candidate's requests fail, such as each tenth; 0: none.
        weights: the candidate's weight and when it began.
    """

    failing_each: int = 0
    clock: Clock = field(default_factory=Clock)
    weights: list[tuple[float, int]] = field(default_factory=lambda: [(0.0, 0)])

    def progress(self) -> SimpleNamespace:
        """Return how far the load is."""
        return SimpleNamespace(elapsed_s=self.clock.now_s)

    def set_weights(self, service: str, weights: dict[str, int], why: str) -> None:
        """Note the candidate's weight."""
        assert (service, sum(weights.values()), bool(why)) == ("iris", 100, True)
        self.weights.append((self.clock.now_s, weights["rf"]))

    def snapshot(self) -> Columns:
        """Return the requests so far: the candidate's among each hundred come evenly, and so do its failures."""
        n = max(1, int(self.clock.now_s * RATE))
        columns = build_run(n, rate=RATE).columns
        begins, percents = (np.array(side) for side in zip(*self.weights, strict=True))
        weight = percents[np.searchsorted(begins, columns.due_s, side="right") - 1]
        places = np.arange(n)
        candidate = (places * 37) % 100 < weight
        columns.extracted["sidecar_subset"] = np.where(candidate, "rf", "svc").astype(object)  # type: ignore[index]  # a dict here
        if self.failing_each:
            columns.success[candidate & (np.cumsum(candidate) % self.failing_each == 0)] = False
        return columns

    def known(self, columns: Columns, *, now_s: float) -> Columns:
        """Return the requests: all is known at once."""
        assert now_s >= float(columns.due_s[-1])
        return columns

    def roll(
        self, steps: Sequence[int], require: Require | Mapping[int, Require], most_s: float = 60.0
    ) -> tuple[StepRecord, ...]:
        """Roll the candidate out."""
        plan = read_plan("iris", "svc", "rf", steps=steps, require=require, least_s=5.0, most_s=most_s)
        stack: Any = SimpleNamespace(traffic=self)
        live: Any = self
        log: Any = self
        acting = _Acting(stack, plan, live, log, Load(("",), RATE, 10.0, 60.0))
        acting._pause = self.clock  # type: ignore[assignment]  # a clock that is not the machine's
        return acting.run()


def test_a_sound_candidate_gets_everything() -> None:
    """Each weight follows the one before, none before the shortest time, and none after the last."""
    world = World()
    records = world.roll(
        steps=(25, 50, 100), require={25: "success.difference >= -10%", 50: "success.difference >= -5%"}
    )
    assert [percent for _, percent in world.weights[1:]] == [25, 50, 100]
    assert {record.decision.action for record in records} == {Action.STEP}
    assert all(record.elapsed_s >= 5 for record in records)


def test_a_failing_candidate_goes_back_at_the_first_step_that_shows_it() -> None:
    """A margin of 30 % cannot show 10 % of failures, one of 2 % can: there the weights go back to nothing."""
    world = World(failing_each=10)
    records = world.roll(
        steps=(25, 50, 100), require={25: "success.difference >= -30%", 50: "success.difference >= -2%"}
    )
    assert [percent for _, percent in world.weights[1:]] == [25, 50, 0]
    assert [record.decision.action for record in records] == [Action.STEP, Action.ROLLBACK]
    assert records[-1].acted_s >= 0


def test_an_undecided_step_holds_the_weights() -> None:
    """At 1 % too few requests come to show a margin of 1 %: after the longest time nothing changes any more."""
    world = World()
    records = world.roll(steps=(1, 5), require="success.difference >= -1%", most_s=20.0)
    assert [percent for _, percent in world.weights[1:]] == [1]
    assert records[-1].decision.action is Action.HOLD
    assert "1 of 1 criteria undecided" in records[-1].decision.reason


def test_the_whole_is_judged_by_what_compares_nothing() -> None:
    """At 100 % there is no current model: the difference is not looked at."""
    records = World().roll(steps=(100,), require=["success >= 90%", "success.difference >= -1%"])
    assert [verdict.expression for verdict in records[-1].verdicts] == ["success >= 90%"]
    assert records[-1].decision.action is Action.STEP
