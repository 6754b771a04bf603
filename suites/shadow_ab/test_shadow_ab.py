"""The shadow: the candidate gets a copy of every request, harms no client, and answers like the current model."""

import pytest

from gonogo.experiments.shadow import against_itself, alternating

pytestmark = [pytest.mark.shadow_ab, pytest.mark.stack("manifests/shadow_ab")]


def test_the_current_model_agrees_with_itself(stack, load, predict, capture):
    """Mirrored to itself, the current model shows how much of a difference is noise: none."""
    run = against_itself(
        load,
        predict,
        stack.traffic,
        capture,
        subset="svc",
        rate=100,
        duration="10s",
        require=["mirror.once == 100%", "parity.agreement == 100%", "parity.max <= 0.1%"],
    )
    assert run.go


def test_the_candidate_answers_like_the_current_model(load, predict):
    """Every request is mirrored once, no client sees the candidate, and both sides answer alike and in time."""
    run = load(
        predict,
        rate=100,
        warmup="2s",
        duration="60s",
        require=[
            "success >= 99.9%",
            "p99 <= 250ms",
            "mirror.once == 100%",
            "mirror.leaked == 0%",
            "live.success >= 99.9%",
            "shadow.success >= 99%",
            "shadow.p99 <= 250ms",
            "parity.agreement >= 95%",
            "parity.worst >= 80%",
            "parity.tv <= 5%",
            "parity.psi[versicolor] <= 0.4",
        ],
    )
    assert run.go


def test_clients_get_right_names(load, label):
    """The current model names the flowers right, each kind of them, and is there all the time."""
    run = load(
        label,
        rate=100,
        duration="20s",
        require=[
            "availability >= 99%",
            "quality.accuracy >= 90%",
            "quality.recall[versicolor] >= 85%",
            "quality.precision[versicolor] >= 85%",
            "parity.agreement >= 95%",
        ],
    )
    assert run.go


def test_the_shadow_costs_clients_nothing(stack, load, predict, capture):
    """Clients wait as long with the mirror as without it, within a margin."""
    run = alternating(
        load,
        predict,
        stack.traffic,
        capture,
        to="rf",
        rate=100,
        require=["success >= 99.9%", "mirror.cost <= 20ms", "mirror.cost[p90] <= 40ms", "mirror.stray == 0%"],
    )
    assert run.go


def test_a_dead_shadow_costs_clients_nothing(stack, load, predict):
    """The candidate is killed again and again under load; no client notices."""
    candidate = "shadow-ab/iris-rf/0"
    with load.running(
        predict, rate=100, duration="40s", require=["success >= 99.9%", "p99 <= 500ms", "mirror.leaked == 0%"]
    ) as live:
        for when in ("3s", "15s"):
            live.at(when, lambda: stack.kill(candidate))
    assert live.run.go


def test_a_bad_shadow_would_be_stopped(load, predict, capture):
    """Rules on the candidate's answers and speed are watched all the time; it keeps them."""
    rules = ["parity.agreement >= 90%", "shadow.success >= 95%", "shadow.p90 <= 500ms"]
    with load.watching(capture, *rules) as watchdog:
        load(predict, rate=100, duration="40s", require=["success >= 99.9%"])
    assert watchdog.stopped is None
