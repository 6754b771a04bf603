"""Circuit breaker: what is more than the service can take is turned away at once, so that the rest is served well."""

import pytest

pytestmark = [pytest.mark.gate, pytest.mark.circuit_breaker]

MANIFESTS = "manifests/circuit_breaker"
PROXIES = [pytest.param(name, marks=pytest.mark.stack(MANIFESTS, proxy=name), id=name) for name in ("envoy", "nginx")]

# A hundred setosas at once, so that few requests a second are much work. The first answer must be setosa: a wrong 200
# is a failure, and none of the breaker's.
FLOWERS = {"data": [[5.1, 3.5, 1.4, 0.2]] * 100}
SETOSA = {"matches": r'^\{"prediction": ?\[\[0\.9\d*(, ?0\.0\d*(e-\d+)?){2}\]'}

# A queue in front of throttled replicas has a long memory: 80 s of it, in every profile, since a schedule of steps is
# never shortened.
OVERLOAD = "{:.0f} for 80s"

# Requests per second that the service gives through each proxy, measured once a session.
MOST = {}


@pytest.fixture
def predict(stack):
    """What the client sends, by way of its sidecar."""
    return stack["iris-svc"].target("POST", "/predict", json=FLOWERS, expect=SETOSA)


@pytest.fixture
def most(load, predict, proxy):
    """What the service gives at most through the sidecar: a closed loop that stays within the breaker's limits."""
    if proxy not in MOST:
        run = load(predict, rate="max", connections=90, warmup="2s", duration="10s", name=f"capacity-{proxy}")
        assert run.success.value == 1, "the capacity was measured with failures"
        MOST[proxy] = run.goodput.value
    return MOST[proxy]


@pytest.mark.parametrize("proxy", PROXIES)
def test_what_is_too_much_is_turned_away(load, predict, most, proxy):
    """Asked for twice its capacity, the service still serves that capacity in time; the breaker answers the rest."""
    run = load(
        predict,
        rate=OVERLOAD.format(2 * most),
        warmup="2s",
        name=f"protected-{proxy}",
        require=[
            "breaker.only_breaker_errors == 100%",
            "breaker.rejected between 30% and 60%",
            "admitted.p99 <= 1s",
            f"goodput >= {0.9 * most:.0f}/s",
        ],
    )
    assert run.go


@pytest.mark.parametrize("proxy", PROXIES)
def test_without_the_breaker_everybody_waits(stack, load, predict, most, proxy):
    """The same overload without limits: requests pile up, and answers come after seconds or not at all."""
    stack.traffic.set_limits(
        "iris-svc", max_connections=None, max_pending_requests=None, why="to show the overload that the breaker meets"
    )
    run = load(
        predict,
        rate=2 * most,
        warmup="2s",
        duration="10s",
        timeout="3s",
        connections=9000,
        name=f"unprotected-{proxy}",
        require=["max >= 2s"],
    )
    assert run.go
    assert run.latency.p99.value >= 2
