"""Parameter-based, disturbed: whatever happens to a service, every answer is right or is what the policy says."""

import time

import pytest

pytestmark = [
    pytest.mark.parameter_based,
    pytest.mark.stack(
        "manifests/parameter_based/namespace.yaml",
        "manifests/parameter_based/iris_setosa.yaml",
        "manifests/parameter_based/iris_versicolor.yaml",
        "manifests/parameter_based_faults",
    ),
]

VERSICOLOR = [6.0, 2.7, 4.2, 1.3]
RIGHT = r'^\{"setosa":0,"versicolor":1\}$'

# What each policy makes of an answer that iris-versicolor does not give. The default, 0, is not what it would say.
POLICIES = {
    "fail": (503, r'"field":"versicolor"\}$'),
    "omit": (200, r'^\{"setosa":0,"omitted":\["versicolor"\]\}$'),
    "default": (200, r'^\{"setosa":0,"versicolor":0\}$'),
}

# Each of three proxies, one for each policy, is asked ten times a second. No answer waits longer than the proxies'
# deadline (2 s) and what it takes to say so.
LOAD = {"rate": 30, "duration": "12s", "warmup": "2s", "timeout": "5s"}
IN_TIME = "max <= 2.5s"


def asked(stack, policy):
    """Return the target on the proxy with ``policy``: right answers, and the policy's own."""
    status, pattern = POLICIES[policy]
    expect = {"status": sorted({200, status}), "matches": f"{RIGHT}|{pattern}"}
    extract = {"versicolor": "$.versicolor"}
    proxy = stack[f"proxy-{policy}"]
    return proxy.target("POST", "/predict", json={"data": [VERSICOLOR]}, expect=expect, extract=extract, name=policy)


def in_use(run, policy):
    """Return how many answers were the policy's and not the service's."""
    columns = run.columns
    mine = columns.target == run.facts.targets.index(policy)
    return sum(value != 1 for value in columns.extracted["versicolor"][mine])


@pytest.fixture
def disturb(stack):
    """Tells the service before iris-versicolor how to misbehave; after the test it is well again."""
    with stack["disturber"].client() as client:

        def put(kind):
            client.put("/disturbance", json={"kind": kind}).raise_for_status()

        yield put
        put("none")


def back_to_right(stack):
    """Whether every proxy answers right again, waiting up to five seconds for it."""
    deadline = time.monotonic() + 5
    answers, right = {}, {policy: {"setosa": 0, "versicolor": 1} for policy in POLICIES}
    while time.monotonic() < deadline and answers != right:
        for policy in POLICIES:
            with stack[f"proxy-{policy}"].client() as client:
                answers[policy] = client.post("/predict", json={"data": [VERSICOLOR]}).json()
    return answers == right


@pytest.mark.parametrize("kind", ["hang", "late", "fail", "garbage"])
def test_the_policy_holds_for_every_request(stack, load, disturb, kind):
    """A service hangs, is late, fails or answers garbage for some seconds of the load, then is well again."""
    targets = [asked(stack, policy) for policy in POLICIES]
    with load.running(targets, **LOAD, require=["success == 100%", IN_TIME]) as live:
        live.at("2s", lambda: disturb(kind))
        live.at("6s", lambda: disturb("none"))
    assert live.run.go
    assert all(in_use(live.run, policy) > 0 for policy in POLICIES)
    assert back_to_right(stack)


def test_the_policy_holds_when_a_service_is_killed(stack, load):
    """The service dies under load and is started again."""
    targets = [asked(stack, policy) for policy in POLICIES]
    with load.running(targets, **LOAD, require=["success == 100%", IN_TIME]) as live:
        live.at("2s", stack["disturber"].kill)
    assert live.run.go
    assert all(in_use(live.run, policy) > 0 for policy in POLICIES)
