"""Online A/B: users are shared out as declared, keep their model, and the candidate replaces it step by step."""

import pytest

pytestmark = [pytest.mark.online_ab, pytest.mark.stack("manifests/online_ab")]

FLOWER = {"data": [[5.1, 3.5, 1.4, 0.2]]}

# What this release promises: who answers how often.
WEIGHTS = "iris_svc.onnx 60, iris_rf.onnx 40"

# 1,000 users who come again and again, one after the other.
USERS = [{"user": f"user-{number}"} for number in range(1000)]

# The candidate is no worse: in success by a percentage point; in latency by 100 ms, once there are enough requests.
# At 1 % there are too few for either; a candidate that fails a tenth of them is found out all the same.
NO_WORSE = "success.difference >= -1%"
RULES = {
    1: "success.difference >= -10%",
    5: NO_WORSE,
    25: NO_WORSE,
    50: [NO_WORSE, "p90.difference <= 100ms"],
    100: "success >= 99%",
}


def predict(stack, **options):
    """Return the target of all tests: one flower, the model that answered kept beside each answer."""
    extract = {"mode": "$.mode", **options.pop("extract", {})}
    return stack["iris"].target("POST", "/predict", json=FLOWER, extract=extract, **options)


def test_splits_requests_by_weight(stack, load):
    """Requests of nobody in particular are drawn 60 to 40."""
    run = load(
        predict(stack),
        rate=400,
        warmup="2s",
        duration="50s",
        stop_when_decided=False,
        require=[f"split[mode: {WEIGHTS}] within 2%", "success >= 99.9%"],
    )
    assert run.go


def test_a_user_keeps_the_model(stack, load):
    """1,000 users are shared out 60 to 40, and none of them ever meets the other model."""
    run = load(
        predict(stack, headers={"x-user": "{row.user}"}, extract={"user": "{row.user}"}, data=USERS),
        rate=400,
        warmup="1s",
        duration="50s",
        stop_when_decided=False,
        require=[f"split[mode by user: {WEIGHTS}] within 5%", "moves[mode by user] == 0"],
    )
    assert run.go


def test_rolls_out_step_by_step(stack, rollout):
    """From 1 % to 100 % no request is lost, and a user moves at most once."""
    done = rollout(
        predict(stack, headers={"x-user": "{row.user}"}, extract={"user": "{row.user}"}, data=USERS),
        service="iris",
        current="svc",
        candidate="rf",
        rate=500,
        require=RULES,
        least="6s",
        most="60s",
    )
    assert done.go
    assert done.percent == 100
