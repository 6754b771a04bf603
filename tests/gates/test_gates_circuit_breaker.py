"""Broken twins of the circuit breaker and of a header route: each is NO-GO for its own reason, the sound ones GO."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from fixtures.projects import MANIFEST, TWIN, Outcome, Project

LIMITS = "connectionPool: {tcp: {maxConnections: 15}, http: {http1MaxPendingRequests: 5}}"
TIGHT = "connectionPool: {tcp: {maxConnections: 1}, http: {http1MaxPendingRequests: 1}}"
NONE = "loadBalancer: {simple: ROUND_ROBIN}"

BREAKER = """\
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: model, namespace: shop}}
spec:
  host: model
  trafficPolicy:
    {policy}
"""

ROUTE = """\
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: plant, namespace: shop}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: plant}}}}
  template:
    metadata: {{labels: {{app: plant}}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: model
          image: shop/sound:1
          ports: [{{containerPort: 8000}}]
          readinessProbe: {{httpGet: {{path: /health, port: 8000}}}}
---
apiVersion: v1
kind: Service
metadata: {{name: plant, namespace: shop}}
spec:
  selector: {{app: plant}}
  ports: [{{port: 8000}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: model, namespace: shop}}
spec:
  hosts: [model]
  http:
    - match: [{{headers: {{{header}: {{exact: mountain}}}}}}]
      route: [{{destination: {{host: plant}}}}]
    - route: [{{destination: {{host: model}}}}]
"""

SUITE = '''\
"""The gates of the shop: a breaker at four times the capacity of 40/s, and a header route."""
import pytest

pytestmark = pytest.mark.gate
GATES = {gates}


@pytest.mark.parametrize("case", [pytest.param(c, marks=pytest.mark.stack(f"manifests/{{c}}"), id=c) for c in GATES])
def test_breaks_the_circuit(stack, load, case):
    """What is too much is turned away, and the rest served."""
    run = load(
        stack["model"].target("GET", "/"),
        rate=160,
        duration="4s",
        timeout="8s",
        require=[
            "breaker.only_breaker_errors == 100%",
            "breaker.rejected >= 10%",
            "admitted.p90 <= 5s",
            "goodput >= 10/s",
        ],
    )
    assert run.go


@pytest.mark.parametrize("case", [pytest.param(c, marks=pytest.mark.stack(f"manifests/{{c}}"), id=c) for c in {routes}])
def test_routes_by_header(stack, load, case):
    """All with the header go to the plant's model, and none without it."""
    mountain = stack["model"].target("GET", "/", headers={{"target": "mountain"}}, name="mountain")
    run = load(
        mountain, stack["model"].target("GET", "/"), rate=50, duration="1s",
        require=["routed[target: mountain -> plant] == 100%"],
    )
    assert run.go
'''


@dataclass(frozen=True)
class Twin:
    """A stack: the image of its model, and its traffic rules."""

    image: str
    rules: str


BREAKERS: Mapping[str, Twin] = {
    "sound": Twin("busy", BREAKER.format(policy=LIMITS)),
    "off": Twin("busy", BREAKER.format(policy=NONE)),
    "tight": Twin("busy", BREAKER.format(policy=TIGHT)),
    "posing": Twin("posing", BREAKER.format(policy=LIMITS)),
}
ROUTES: Mapping[str, Twin] = {
    "routed": Twin("sound", ROUTE.format(header="target")),
    "misspelt": Twin("sound", ROUTE.format(header="taget")),
}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """All twins in one session."""
    project = Project(tmp_path_factory.mktemp("breaker"))
    (project.folder / "manifests" / "model.yaml").unlink()
    (project.folder / "suites" / "test_model.py").unlink()
    for case, twin in {**BREAKERS, **ROUTES}.items():
        project.write(
            f"manifests/{case}/all.yaml", MANIFEST.replace("shop/model:1", f"shop/{twin.image}:1") + twin.rules
        )
    project.write("suites/test_shop.py", SUITE.format(gates=list(BREAKERS), routes=list(ROUTES)))
    images = "".join(
        f'"shop/{fault}:*" = "{{python}} {TWIN} --host {{host}} --port {{port}} --fault {fault}"\n'
        for fault in ("busy", "posing", "sound")
    )
    project.write("pyproject.toml", f"[tool.gonogo.images]\n{images}")
    return project.pytest()


def verdicts(judged: Outcome, case: str) -> dict[str, str]:
    """Return the verdict of each criterion of a case by its measure."""
    return {
        str(one["expression"]).partition(" ")[0].partition("[")[0]: str(one["verdict"])
        for one in judged.judgment["criteria"]
        if str(one["test"]).endswith(f"[{case}]")
    }


@pytest.mark.parametrize("case", ["sound", "routed"])
def test_what_is_sound_is_go(judged: Outcome, case: str) -> None:
    """The control: what follows fails for its fault."""
    assert set(verdicts(judged, case).values()) == {"GO"}, judged.output


def test_a_breaker_that_is_off_is_no_go(judged: Outcome) -> None:
    """Without limits nothing is turned away, and requests wait until they time out."""
    said = verdicts(judged, "off")
    assert (said["breaker.rejected"], said["breaker.only_breaker_errors"]) == ("NO-GO", "NO-GO"), judged.output
    assert said["admitted.p90"] != "GO"


def test_a_breaker_that_is_ten_times_too_tight_is_no_go(judged: Outcome) -> None:
    """It turns away what the service could have served: the goodput says so, and nothing else."""
    said = verdicts(judged, "tight")
    assert said["goodput"] == "NO-GO", judged.output
    assert said["breaker.only_breaker_errors"] == "GO"


def test_a_service_that_poses_as_the_breaker_is_no_go(judged: Outcome) -> None:
    """A 503 with the breaker's own words is the service's: the records tell."""
    said = verdicts(judged, "posing")
    assert said["breaker.only_breaker_errors"] == "NO-GO", judged.output
    assert said["breaker.rejected"] == "GO"


def test_a_misspelt_header_route_is_no_go(judged: Outcome) -> None:
    """Requests with the header go to the general model, and the contract on routing finds them."""
    assert verdicts(judged, "misspelt") == {"routed": "NO-GO"}, judged.output


def test_the_session_is_no_go(judged: Outcome) -> None:
    """One broken twin is enough."""
    assert judged.last_line.startswith("NO-GO: "), judged.output
