"""Broken shadows: each is NO-GO for its own reason, and a sound one is GO."""

import json
import os
from pathlib import Path

import pytest

from fixtures.projects import ROOT, Outcome, Project
from gonogo.platforms.cluster.access import current_context
from tests.platforms.docker_machine import ensure_base, needs_docker

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
        run = load(predict(stack), rate=100, duration="12s", timeout="30s", require=["success >= 95%"])
    assert run.go
    assert watchdog.stopped is not None
    assert watchdog.stopped.after_s < 8
    late = run.columns.due_s > watchdog.stopped.after_s + 2
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
    """Judge a candidate with ``fault``; a run that is watched is not measured again under the same watch."""
    command = f"{{python}} {MODEL} --host {{host}} --port {{port}} --fault "
    images = f'"shop/current:*" = "{command}sound"\n"shop/candidate:*" = "{command}{fault}"\n'
    shop.write("pyproject.toml", f"[tool.gonogo]\n[tool.gonogo.images]\n{images}")
    shop.write("manifests/traffic.yaml", traffic)
    shop.write("suites/test_model.py", suite)
    return shop.measured("-m", "loadtest")


def asked(shop: Project, outcome: Outcome, columns: str) -> list[dict[str, object]]:
    """What the warehouse kept of the last run, in groups; runs that the machine spoilt are before it."""
    run = outcome.judgment["runs"][-1]["name"]
    sql = f"select {columns} from captures where run = '{run}' group by all order by all"  # noqa: S608 - our own names
    return [json.loads(line) for line in shop.gonogo("query", "judgment", sql, "--json").stdout.splitlines()]


def broken(outcome: Outcome) -> set[str]:
    """The measures of the criteria that are NO-GO."""
    return {one["expression"].split()[0] for one in outcome.judgment["criteria"] if one["verdict"] == "NO-GO"}


def test_a_sound_candidate_is_go(shop: Project) -> None:
    """The control, and both sides' answers are in the warehouse."""
    outcome = judged(shop, "sound")
    assert (outcome.status, outcome.last_line) == (0, "GO"), outcome.output
    assert asked(shop, outcome, "side, count(*) as n, count(distinct request_id) as d") == [
        {"side": "live", "n": 800, "d": 800},
        {"side": "shadow", "n": 800, "d": 800},
    ]


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


def inconclusive(outcome: Outcome) -> dict[str, str]:
    """The reasons of the criteria that are INCONCLUSIVE, by their measures."""
    found = [one for one in outcome.judgment["criteria"] if one["verdict"] == "INCONCLUSIVE"]
    return {one["expression"].split()[0]: one["reason"] for one in found}


LOGGED = "  template:\n    metadata: {{annotations: {{gonogo.dev/prediction-log: stdout}}, "


def logged(shop: Project, shadow: str) -> Outcome:
    """Judge a sound candidate whose services tell of their predictions in their own logs."""
    for name in ("current", "candidate"):
        text = DEPLOYMENT.replace("  template:\n    metadata: {{", LOGGED)
        shop.write(f"manifests/{name}.yaml", text.format(name=name))
    command = f"{{python}} {MODEL} --host {{host}} --port {{port}} --fault sound --log"
    images = f'"shop/current:*" = "{command}"\n"shop/candidate:*" = "{command} {shadow}"\n'
    shop.write("pyproject.toml", f"[tool.gonogo]\n[tool.gonogo.images]\n{images}")
    shop.write("manifests/traffic.yaml", TRAFFIC)
    return shop.pytest("-m", "loadtest")


def test_a_service_s_own_log_is_a_source(shop: Project) -> None:
    """No Envoy stands before a service that is annotated so; the same criteria are judged, the same rows are kept."""
    outcome = logged(shop, "")
    assert (outcome.status, outcome.last_line) == (0, "GO"), outcome.output
    run = outcome.judgment["runs"][-1]
    assert not [one for one in run["usage"] if one["replica"].startswith("capture/")]
    assert any("own log of shop/model-candidate, shop/model-current" in note for note in run["notes"])
    assert asked(shop, outcome, "side, model, count(*) as n, count(input) as i") == [
        {"side": "live", "model": "twin", "n": 800, "i": 800},
        {"side": "shadow", "model": "twin", "n": 800, "i": 800},
    ]


@pytest.mark.soak
def test_a_log_that_loses_lines_decides_nothing(shop: Project) -> None:
    """The numbers of its lines tell that every tenth is gone: parity and the mirror are undecided, for that reason."""
    outcome = logged(shop, "--lossy 10")
    found = inconclusive(outcome)
    assert {"parity.agreement", "parity.worst", "mirror.once"} <= set(found), outcome.output
    assert "the log of shop/model-candidate lost" in found["parity.agreement"]
    assert not broken(outcome)


TWO = """def test_both_candidates_are_judged(stack, load):
    \"\"\"Each Service has its own sides; the criteria say which is meant.\"\"\"
    for service in ("model", "other"):
        stack.capture(service, labels=["short", "long"])
    body = {"data": [[5.0, 3.0, "{row.petals}", 1.0]]}
    ask = [stack[one].target("POST", "/predict", json=body, data=ROWS, name=one) for one in ("model", "other")]
    run = load(
        *ask,
        rate=200,
        duration="4s",
        timeout="5s",
        require=[
            "mirror.once[service=model] == 100%",
            "parity.agreement[service=model] >= 85%",
            "mirror.once[service=shop/other] == 100%",
            "parity.agreement[service=shop/other] >= 85%",
        ],
    )
    assert run.go
"""


def test_several_services_are_captured_apart(shop: Project) -> None:
    """The other Service's candidate is another model: its criterion alone breaks, and the warehouse names Services."""
    for name in ("current", "candidate"):
        other = DEPLOYMENT.replace("app: model", "app: other").replace("name: model-", "name: other-")
        image = "image: shop/{name}-other:1" if name == "candidate" else "image: shop/{name}:1"
        shop.write(f"manifests/other-{name}.yaml", other.replace("image: shop/{name}:1", image).format(name=name))
    traffic = TRAFFIC.partition("---\n")[2]
    other = traffic.replace("model.shop", "other.shop").replace("name: model", "name: other")
    other = other.replace("app: model", "app: other").replace("hosts: [model]", "hosts: [other]")
    shop.write("manifests/other-traffic.yaml", other)
    command = f"{{python}} {MODEL} --host {{host}} --port {{port}} --fault "
    images = f'"shop/*-other:*" = "{command}swapped"\n"shop/*:*" = "{command}sound"\n'
    shop.write("pyproject.toml", f"[tool.gonogo]\n[tool.gonogo.images]\n{images}")
    shop.write("manifests/traffic.yaml", TRAFFIC)
    shop.write("suites/test_model.py", SUITE.partition("def test_the")[0] + TWO)
    outcome = shop.pytest("-m", "loadtest")
    assert broken(outcome) == {"parity.agreement[service=shop/other]"}, outcome.output
    rows = asked(shop, outcome, "service, side, count(distinct request_id) as n")
    assert [(one["service"], one["side"]) for one in rows] == [
        (f"shop/{service}", side) for service in ("model", "other") for side in ("live", "shadow")
    ]
    assert [rows[0]["n"], rows[2]["n"]] == [rows[1]["n"], rows[3]["n"]]


COST = '''

def test_the_shadow_costs_nothing(stack, load):
    """Clients wait as long with copies as without them, and none is lost."""
    capture = stack.capture("model")
    run = alternating(
        load,
        predict(stack),
        stack.traffic,
        capture,
        to="candidate",
        rate=50,
        pairs=21,
        stretch="0.8s",
        meanwhile=MEANWHILE,
        require=["success >= 98%", "mirror.cost <= 1s", "mirror.leaked == 0%"],
    )
    assert run.go
'''
KILLED = 'lambda live: [live.at(f"{when}s", lambda: stack.kill("shop/model-candidate/0")) for when in (5, 15, 25)]'


@pytest.mark.soak
@pytest.mark.parametrize(
    ("fault", "meanwhile"),
    [("hanging", "None"), ("failing", "None"), ("sound", KILLED)],
    ids=["hangs", "500", "killed"],
)
def test_a_hurt_shadow_costs_clients_nothing(shop: Project, fault: str, meanwhile: str) -> None:
    """Hanging, failing or killed in the meantime: latency with the mirror is that without it, within a margin."""
    suite = SUITE.partition("def test_the")[0].replace(
        "import pytest\n", "import pytest\nfrom gonogo.experiments.shadow import alternating\n"
    )
    outcome = judged(shop, fault, suite=suite + COST.replace("MEANWHILE", meanwhile))
    assert outcome.last_line == "GO", outcome.output


IN_CONTAINERS = """apiVersion: v1
kind: ConfigMap
metadata: {{name: twin, namespace: shop}}
data:
  model.py: |
{code}
---
"""


def contained(shop: Project, image: str, settings: str, *options: str) -> Outcome:
    """Judge a sound candidate in containers of ``image``, which has Python."""
    code = "\n".join(f"    {line}".rstrip() for line in MODEL.read_text(encoding="utf-8").splitlines())
    shop.write("manifests/code.yaml", IN_CONTAINERS.format(code=code))
    words = 'command: [python3, /twin/model.py, --host, 0.0.0.0, --port, "8000", --fault, sound]'
    mounted = f"image: {image}\n          imagePullPolicy: IfNotPresent\n          {words}\n"
    mounted += "          volumeMounts: [{{name: twin, mountPath: /twin}}]"
    for name in ("current", "candidate"):
        text = DEPLOYMENT.replace("image: shop/{name}:1", mounted)
        text = text.replace(
            "      containers:", "      volumes: [{{name: twin, configMap: {{name: twin}}}}]\n      containers:"
        )
        text = text.replace("port: 8000}}}}", "port: 8000}}, periodSeconds: 1}}")
        shop.write(f"manifests/{name}.yaml", text.format(name=name))
    shop.write("pyproject.toml", f"[tool.gonogo]\n{settings}")
    shop.write("manifests/traffic.yaml", TRAFFIC)
    shop.write("suites/test_model.py", SUITE.replace("rate=200", "rate=100"))
    return shop.pytest("-m", "loadtest", *options)


def captured_elsewhere(shop: Project, outcome: Outcome) -> None:
    """Everything was captured, each replica is known by its name, and the judgment says where the proxies stood."""
    assert (outcome.status, outcome.last_line) == (0, "GO"), outcome.output
    assert asked(shop, outcome, "replica, side, count(*) as n") == [
        {"replica": "shop/model-candidate/0", "side": "shadow", "n": 400},
        {"replica": "shop/model-current/0", "side": "live", "n": 400},
    ]
    notes = " ".join(outcome.judgment["runs"][-1]["notes"])
    assert "not beside the replicas" in notes


def test_a_shadow_in_docker_is_captured(shop: Project) -> None:
    """The proxies stand before the published ports of the replicas."""
    client = needs_docker()
    image = ensure_base(client)
    client.close()
    captured_elsewhere(shop, contained(shop, image, "", "--gonogo-platform", "docker"))


def test_a_shadow_in_a_cluster_is_captured(shop: Project) -> None:
    """The proxies stand before the addresses of the Pods."""
    context = current_context() if os.environ.get("KUBECONFIG") else ""
    if not context or context not in os.environ.get("GONOGO_ALLOW_CONTEXTS", "").replace(",", " ").split():
        pytest.skip("no cluster: point KUBECONFIG to one, and name its context in GONOGO_ALLOW_CONTEXTS")
    image = os.environ.get("GONOGO_ECHO_IMAGE", "gonogo/echo:cluster-test")
    settings = f'allow_contexts = ["{context}"]\nstop_timeout = "2s"\n'
    captured_elsewhere(shop, contained(shop, image, settings, "--gonogo-platform", "cluster"))
