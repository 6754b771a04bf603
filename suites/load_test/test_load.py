"""Load test: the iris service holds its rates at the latency and success that it promises."""

import pytest

pytestmark = [pytest.mark.loadtest, pytest.mark.stack("manifests/load_test")]

# The limits of this release, by requests per second. They hold on a machine of two cores, one of them the client's.
LIMITS = {
    100: ["success >= 99.9%", "p99 <= 100ms"],
    500: ["success >= 99.9%", "p99 <= 150ms"],
    1000: ["success >= 99.9%", "p99 <= 250ms"],
}

TARGETS = {"GET": "/load/get-target", "POST": "/load/post-target"}

# Both send the same flower, a setosa: the first of three probabilities is above 0.9. A wrong 200 is a failure.
SETOSA = {"matches": r'^\{"prediction": ?\[\[0\.9\d*(, ?0\.0\d*(e-\d+)?){2}\]\]\}$'}


@pytest.mark.parametrize("method", TARGETS)
@pytest.mark.parametrize("rate", LIMITS)
def test_holds_its_rate(stack, load, rate, method):
    """The service answers GET and POST traffic at a fixed rate within its limits."""
    run = load(
        stack.generator("client").targets(TARGETS[method], expect=SETOSA),
        rate=rate,
        warmup="2s",
        duration="60s",
        require=LIMITS[rate],
    )
    assert run.go
