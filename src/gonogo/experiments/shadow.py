"""Experiments on a shadow: what the mirror costs the clients, and how far a model is from itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from gonogo.errors import UsageError
from gonogo.load.target import Target
from gonogo.suite.live import LiveLoad
from gonogo.suite.load import Load
from gonogo.suite.parity import Capture
from gonogo.suite.run import JudgedRun
from gonogo.suite.traffic import Traffic
from gonogo.units import parse_duration
from gonogo.verdicts.criterion import Criterion

__all__ = ["against_itself", "alternating"]

_LOOK_S: Final = 0.01
_FEWEST_PAIRS: Final = 2


def alternating(  # noqa: PLR0913 - keyword-only options that suites write
    load: Load,
    target: Target,
    traffic: Traffic,
    capture: Capture,
    *,
    to: str,
    rate: float,
    pairs: int = 24,
    stretch: float | str = "1.5s",
    require: Sequence[str | Criterion] = (),
    meanwhile: Callable[[LiveLoad], object] | None = None,
    name: str = "",
) -> JudgedRun:
    """Drive one load during which the mirror is off and on in turn, so that ``mirror.cost`` can be judged.

    What drifts on the machine is in both states alike; each pair of stretches gives one difference.

    Args:
        load: drives it.
        target: what is sent.
        traffic: turns the mirror off and on.
        capture: of the Service that is mirrored.
        to: subset that gets the copies.
        rate: requests per second.
        pairs: of stretches; 20 and more allow GO.
        stretch: how long each state lasts; the 0.3 s before a change are left out.
        require: criteria, such as ``mirror.cost[p95] <= 5ms``.
        meanwhile: called with the load when it has begun, to hurt the shadow for instance.
        name: of the run.

    Raises:
        UsageError: fewer than two pairs, or stretches that leave nothing to compare.
    """
    stretch_s = parse_duration(stretch)
    if pairs < _FEWEST_PAIRS or stretch_s < 2 * 0.35:
        raise UsageError(
            f"{pairs} pairs of stretches of {stretch_s:g} s", where="alternating", mend="have 2 pairs of 0.7 s or more"
        )
    traffic.stop_mirror(capture.name, why="the first stretch is without copies")
    whole_s = 2 * pairs * stretch_s
    # As a profile, the duration stays as it is in every profile of the settings.
    with load.running(target, rate=f"{rate:g} for {whole_s:g}s", require=require, name=name) as live:
        if meanwhile is not None:
            meanwhile(live)
        for number in range(1, 2 * pairs):
            while live.progress().elapsed_s < number * stretch_s:
                time.sleep(_LOOK_S)
            if number % 2:
                traffic.set_mirror(capture.name, to, 100.0, why=f"stretch {number + 1} of {2 * pairs}")
            else:
                traffic.stop_mirror(capture.name, why=f"stretch {number + 1} of {2 * pairs}")
    return live.run


def against_itself(
    load: Load,
    target: Target,
    traffic: Traffic,
    capture: Capture,
    *,
    subset: str,
    rate: float,
    duration: float | str = "10s",
    require: Sequence[str | Criterion] = (),
) -> JudgedRun:
    """Mirror the current model to itself and return the run: the noise floor of every measure of parity.

    What this run shows is no difference between models. A margin that is not clearly above it cannot be kept by any
    candidate.

    Args:
        load: drives it.
        target: what is sent.
        traffic: mirrors.
        capture: of the Service.
        subset: of the current model.
        rate: requests per second.
        duration: of the load.
        require: criteria on the floor.
    """
    traffic.stop_mirror(capture.name, why="the noise floor has one shadow only")
    traffic.set_mirror(capture.name, subset, 100.0, why="the noise floor: the current model against itself")
    return load(target, rate=rate, duration=duration, require=require, name="noise_floor")
