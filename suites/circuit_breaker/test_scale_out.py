"""Scale-out: the breaker turns away what one replica cannot take, and less of it as further replicas arrive."""

import pytest

pytestmark = [pytest.mark.gate, pytest.mark.circuit_breaker, pytest.mark.stack("manifests/scale_out", fresh=True)]

# A hundred setosas at once, so that few requests a second are much work.
FLOWERS = {"data": [[5.1, 3.5, 1.4, 0.2]] * 100}
SETOSA = {"matches": r'^\{"prediction": ?\[\[0\.9\d*(, ?0\.0\d*(e-\d+)?){2}\]'}


def test_rejections_fall_as_replicas_arrive(stack, load, scale_out, facts):
    """Asked for twice what one replica gives, the service is scaled out, and at the end hardly anything is rejected."""
    predict = stack["iris-svc"].target("POST", "/predict", json=FLOWERS, expect=SETOSA)
    alone = load(predict, rate="max", connections=8, warmup="1s", duration="4s", name="one replica").goodput.value

    seen = scale_out(predict, rate=f"{2 * alone:.0f} for 90s", require=["breaker.only_breaker_errors == 100%"])

    facts.require("scaling.replicas_ready >= 2", seen.replicas[1], unless=seen.untested)
    facts.require("scaling.rejected_first >= 20%", seen.first, of=len(seen.run.columns), unless=seen.untested)
    facts.require("scaling.rejected_last <= 5%", seen.last, of=len(seen.run.columns), unless=seen.untested)
    assert seen.run.go
    assert facts.go
