"""Broken twins of an online A/B test: each is NO-GO for its own fault, and the sound one is GO."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.projects import TWIN, Project

GATES = "suites/test_model.py"

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: model, version: NAME}}
  template:
    metadata: {labels: {app: model, version: NAME}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: model
          image: shop/NAME:1
          ports: [{containerPort: 8000}]
          readinessProbe: {httpGet: {path: /health, port: 8000}}
---
"""

RULES = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Service
metadata: {name: model, namespace: shop}
spec:
  selector: {app: model}
  ports: [{port: 8000}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: model, namespace: shop}
spec:
  host: model
  subsets: [{name: old, labels: {version: old}}, {name: new, labels: {version: new}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: model, namespace: shop, annotations: {STICKY}}
spec:
  hosts: [model]
  http:
    - route:
        - {destination: {host: model, subset: old}, weight: OLD}
        - {destination: {host: model, subset: new}, weight: NEW}
"""

SUITE = '''\
"""The gates of the shop's two models."""
import pytest

pytestmark = [pytest.mark.gate, pytest.mark.stack("manifests")]

USERS = [{"user": f"user-{number}"} for number in range(500)]


def predict(stack):
    return stack["model"].target(
        "POST", "/predict", json={}, headers={"x-user": "{row.user}"}, extract={"user": "{row.user}"}, data=USERS
    )


def test_splits(stack, load):
    run = load(stack["model"].target("POST", "/predict", json={}), rate=400, duration="10s",
               require=["split[sidecar_subset: old 60, new 40] within 0.5%"])
    assert run.go


def test_keeps(stack, load):
    run = load(predict(stack), rate=300, duration="4s",
               require=["split[sidecar_subset by user] within 10%"])
    assert run.go


def test_rolls(stack, rollout):
    done = rollout(
        predict(stack), service="model", current="old", candidate="new", rate=300,
        steps=(10, 50, 100), require={10: "success.difference >= -30%", 50: "success.difference >= -0.5%"},
        least="5s", most="60s",
    )
    assert done.go
'''


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    """A project with two models, and gates on how they share the requests."""
    project = Project(tmp_path)
    project.write("suites/test_model.py", SUITE)
    declare(project)
    serve(project, "sound")
    return project


def declare(project: Project, *, old: int = 60, sticky: str = "gonogo.dev/sticky: 'header:x-user'") -> None:
    """Write the manifests with the weight of the old model, and what keeps users at theirs."""
    rules = RULES.replace("STICKY", sticky).replace("OLD", str(old)).replace("NEW", str(100 - old))
    both = "".join(DEPLOYMENT.replace("NAME", name) for name in ("old", "new"))
    project.write("manifests/model.yaml", both + rules)


def serve(project: Project, candidate: str) -> None:
    """Map the images to twins: the old model is sound, the candidate has a fault."""
    command = f"{{python}} {TWIN} --host {{host}} --port {{port}} --fault"
    images = {"shop/old:*": f"{command} sound", "shop/new:*": f"{command} {candidate}"}
    lines = "".join(f'"{image}" = "{command}"\n' for image, command in images.items())
    project.write("pyproject.toml", f"[tool.gonogo]\n[tool.gonogo.images]\n{lines}")


def test_the_split_as_declared_is_go(shop: Project) -> None:
    """The control: the same users at the same models every time, so the outcome is no matter of luck."""
    outcome = shop.pytest(f"{GATES}::test_keeps")
    assert outcome.last_line == "GO", outcome.output


def test_weights_wrong_by_five_points_are_no_go(shop: Project) -> None:
    """The manifests give 55 where the gate expects 60: of 4000 requests, 57.8 % would have to go astray to hide it."""
    declare(shop, old=55)
    outcome = shop.pytest(f"{GATES}::test_splits")
    assert outcome.last_line.startswith("NO-GO: "), outcome.output
    assert "old (declared 60 %)" in outcome.last_line


def test_users_who_flip_are_no_go(shop: Project) -> None:
    """Without the annotation every request is drawn anew: users meet both models."""
    declare(shop, sticky="")
    outcome = shop.pytest(f"{GATES}::test_keeps")
    assert outcome.last_line.startswith("NO-GO: "), outcome.output
    assert "users met more than one model" in outcome.last_line


def test_a_candidate_that_fails_two_percent_is_rolled_back(shop: Project) -> None:
    """The step of 10 % cannot show it and goes on; that of 50 % can: no request of the old model is lost by then."""
    serve(shop, "ailing")
    outcome = shop.measured(f"{GATES}::test_rolls")
    [experiment] = outcome.judgment["experiments"]
    assert "was rolled back from 50 %" in experiment["conclusion"], outcome.output
    verdicts = {one["expression"]: one["verdict"] for one in outcome.judgment["criteria"]}
    assert verdicts["success.difference[sidecar_subset: new vs old] >= -0.5%"] == "NO-GO"
    assert verdicts["errors == 0%"] == "GO"


@pytest.mark.soak
def test_a_sound_candidate_gets_everything(shop: Project) -> None:
    """From 10 % to 100 % no request is lost and nobody moves twice."""
    outcome = shop.measured(f"{GATES}::test_rolls")
    assert outcome.last_line == "GO", outcome.output
    verdicts = {one["expression"]: one["verdict"] for one in outcome.judgment["criteria"]}
    assert verdicts["moves[sidecar_subset by user] <= 1"] == "GO"
