"""Broken shadows: each is NO-GO for its own reason, and a sound one is GO."""

from pathlib import Path

import pytest

from fixtures.projects import ROOT, Outcome, Project

MODEL = ROOT / "fixtures" / "twins" / "model.py"

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: model-{name}, namespace: shop}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: model, version: {name}}}}}
  template:
    metadata: {{labels: {{app: model, version: {name}}}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: model
          image: shop/{name}:1
          ports: [{{containerPort: 8000}}]
          readinessProbe: {{httpGet: {{path: /health, port: 8000}}}}
---
"""

TRAFFIC = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Service
metadata: {name: model, namespace: shop}
spec:
  selector: {app: model}
  ports: [{name: http, port: 8000}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: model, namespace: shop}
spec:
  host: model.shop.svc.cluster.local
  subsets:
    - {name: current, labels: {version: current}}
    - {name: candidate, labels: {version: candidate}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: model, namespace: shop}
spec:
  hosts: [model]
  http:
    - route:
        - {destination: {host: model.shop.svc.cluster.local, subset: current}, weight: 100}
      mirror: {host: model.shop.svc.cluster.local, subset: candidate}
      mirrorPercentage: {value: 100.0}
"""
LEAKING = TRAFFIC.replace("weight: 100}", "weight: 90}").replace(
    "      mirror:",
    "        - {destination: {host: model.shop.svc.cluster.local, subset: candidate}, weight: 10}\n      mirror:",
)
HALF = TRAFFIC.replace("100.0", "50.0")

SUITE = '''\
"""The gate of the shop's next model, as a shadow."""
import pytest

pytestmark = [pytest.mark.loadtest, pytest.mark.stack("manifests")]
ROWS = [{"petals": 1.0 + number * 37 % 108 * 0.05} for number in range(108)]


def predict(stack):
    return stack["model"].target("POST", "/predict", json={"data": [[5.0, 3.0, "{row.petals}", 1.0]]}, data=ROWS)


def test_the_candidate_is_like_the_current_model(stack, load):
    """The candidate is mirrored once, reaches no client, and answers alike everywhere."""
    stack.capture("model", labels=["short", "long"], columns=["a", "b", "petals", "d"])
    run = load(
        predict(stack),
        rate=200,
        duration="4s",
        timeout="5s",
        require=[
            "success >= 95%",
            "mirror.once == 100%",
            "mirror.leaked == 0%",
            "shadow.success >= 95%",
            "parity.agreement >= 85%",
            "parity.worst >= 90%",
        ],
    )
    assert run.go
'''

WATCHING = '''

def test_a_bad_shadow_is_stopped(stack, load):
    """A rule that the shadow breaks stops the mirroring under load, and no client notices."""
    capture = stack.capture("model", labels=["short", "long"])
    with load.watching(capture, "shadow.success >= 90%") as watchdog:
        run = load(predict(stack), rate=200, duration="5s", timeout="5s", require=["success >= 95%"])
    assert run.go
    assert watchdog.stopped is not None
    assert watchdog.stopped.after_s < 5
    late = run.columns.due_s > watchdog.stopped.after_s + 1
    assert late.any()
    assert not any(run.columns.extracted["copies"][late])
    assert capture.query("select count(*) from captures where side = 'shadow' and status = 500").rows[0][0] > 20
'''


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    """A project with a current model and a candidate that is its shadow."""
    project = Project(tmp_path)
    (project.folder / "manifests" / "model.yaml").unlink()
    for name in ("current", "candidate"):
        project.write(f"manifests/{name}.yaml", DEPLOYMENT.format(name=name))
    project.write("suites/test_model.py", SUITE)
    return project


def judged(shop: Project, fault: str, *, traffic: str = TRAFFIC, suite: str = SUITE) -> Outcome:
    """Judge a candidate with ``fault``."""
    command = f"{{python}} {MODEL} --host {{host}} --port {{port}} --fault "
    images = f'"shop/current:*" = "{command}sound"\n"shop/candidate:*" = "{command}{fault}"\n'
    shop.write("pyproject.toml", f"[tool.gonogo]\n[tool.gonogo.images]\n{images}")
    shop.write("manifests/traffic.yaml", traffic)
    shop.write("suites/test_model.py", suite)
    return shop.pytest("-m", "loadtest")


def broken(outcome: Outcome) -> set[str]:
    """The measures of the criteria that are NO-GO."""
    return {one["expression"].split()[0] for one in outcome.judgment["criteria"] if one["verdict"] == "NO-GO"}


def test_a_sound_candidate_is_go(shop: Project) -> None:
    """The control, and both sides' answers are in the warehouse."""
    outcome = judged(shop, "sound")
    assert (outcome.status, outcome.last_line) == (0, "GO"), outcome.output
    sql = "select side, count(*) as n, count(distinct request_id) as d from captures group by side order by side"
    answer = shop.gonogo("query", "judgment", sql, "--json").stdout
    assert answer == '{"side": "live", "n": 800, "d": 800}\n{"side": "shadow", "n": 800, "d": 800}\n'


@pytest.mark.parametrize(
    ("fault", "traffic", "reasons"),
    [
        pytest.param("sound", LEAKING, {"mirror.leaked"}, id="leaking to clients"),
        pytest.param("sound", HALF, {"mirror.once"}, id="mirrored at half"),
        pytest.param("degraded", TRAFFIC, {"parity.worst"}, id="one slice degraded"),
        pytest.param(
            "swapped", TRAFFIC, {"parity.agreement", "parity.worst"}, id="model swapped", marks=pytest.mark.soak
        ),
        pytest.param(
            "hanging",
            TRAFFIC,
            {"shadow.success", "parity.agreement", "parity.worst"},
            id="hanging",
            marks=pytest.mark.soak,
        ),
    ],
)
def test_a_broken_shadow_is_no_go_for_its_reason(shop: Project, fault: str, traffic: str, reasons: set[str]) -> None:
    """The criteria that break are those that the fault breaks, and no other; clients get their answers."""
    outcome = judged(shop, fault, traffic=traffic)
    assert outcome.last_line.startswith("NO-GO: "), outcome.output
    assert broken(outcome) == reasons, outcome.output


def test_a_failing_shadow_is_stopped_under_load(shop: Project) -> None:
    """The judgment says when, why and how long it took; the load goes on without copies."""
    outcome = judged(shop, "failing", suite=SUITE.partition("def test_the")[0] + WATCHING)
    assert broken(outcome) == {"shadow.success"}, outcome.output
    (verdict,) = [one for one in outcome.judgment["criteria"] if one["expression"].startswith("shadow.success")]
    assert "The mirroring was stopped" in verdict["reason"]
    notes = " ".join(outcome.judgment["runs"][0]["notes"])
    assert "shadow.success >= 90% is broken" in notes
