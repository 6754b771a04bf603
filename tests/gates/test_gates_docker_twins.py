"""The broken twins of several suites on the docker platform: each is NO-GO for its own fault, the sound one GO.

One session judges them all, so that what is tested is the stacks and not the starts of pytest. The traffic rules act in
a real Envoy before the containers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from fixtures.projects import MANIFEST, TWIN, Outcome, Project, copied
from tests.platforms.docker_machine import ensure_image, needs_docker, things

NAMESPACE, DEPLOYMENT, SERVICE = MANIFEST.split("---\n")
BOTH = "{app: model}}\n"


def _deployment(version: str) -> str:
    """Return the Deployment of a version of the model, named after it."""
    own = DEPLOYMENT.replace(BOTH, f"{{app: model, version: {version}}}}}\n")
    return own.replace("name: model, namespace", f"name: {version}, namespace")


SUBSETS = """\
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: model, namespace: shop}
spec:
  host: model
  subsets: [{name: general, labels: {version: general}}, {name: plant, labels: {version: plant}}]
"""
PLANT = f"---\n{_deployment('plant')}{SUBSETS}"

ROUTE = """\
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: model, namespace: shop}
spec:
  hosts: [model]
  http:
    - match: [{headers: {HEADER: {exact: mountain}}}]
      route: [{destination: {host: model, subset: plant}}]
    - route: [{destination: {host: model, subset: general}}]
"""

SPLIT = """\
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: model, namespace: shop, annotations: {STICKY}}
spec:
  hosts: [model]
  http:
    - route:
        - {destination: {host: model, subset: general}, weight: 60}
        - {destination: {host: model, subset: plant}, weight: 40}
"""

BREAKER = """\
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: model, namespace: shop}
spec:
  host: model
  trafficPolicy:
    connectionPool: {tcp: {maxConnections: CONNECTIONS}, http: {http1MaxPendingRequests: 20}}
"""

SUITE = '''\
"""The gates of the shop: what each kind of stack must hold."""
import pytest

pytestmark = pytest.mark.gate


def each(*names):
    """A stack of its own for every name."""
    return [pytest.param(marks=pytest.mark.stack(f"manifests/{name}"), id=name) for name in names]


@pytest.mark.parametrize((), each("answers", "answers-wrong"))
def test_answers(stack, load):
    """One answer to one flower."""
    asked = stack["model"].target("POST", "/predict", json={}, expect={"matches": "^.{16}0[.]9"})
    assert load(asked, rate=60, duration="2s", require=["success == 100%"]).go


@pytest.mark.parametrize((), each("routed", "routed-misspelt"))
def test_routes(stack, load):
    """All with the header go to the plant's model, and none without it."""
    mountain = stack["model"].target("GET", "/", headers={"target": "mountain"}, name="mountain")
    plain = stack["model"].target("GET", "/")
    assert load(mountain, plain, rate=60, duration="2s", require=["routed[target: mountain -> plant] == 100%"]).go


@pytest.mark.parametrize((), each("kept", "kept-not"))
def test_keeps(stack, load):
    """A user meets one model."""
    users = [{"user": f"user-{number}"} for number in range(50)]
    asked = stack["model"].target(
        "POST", "/predict", json={}, headers={"x-user": "{row.user}"}, extract={"user": "{row.user}"}, data=users
    )
    assert load(asked, rate=100, duration="3s", require=["split[sidecar_subset by user] within 50%"]).go


@pytest.mark.parametrize((), each("broken", "broken-posing"))
def test_breaks(stack, load):
    """Nothing but the breaker turns requests away."""
    asked = stack["model"].target("GET", "/")
    assert load(asked, rate=60, duration="2s", require=["breaker.only_breaker_errors == 100%"]).go
'''


@dataclass(frozen=True)
class Twin:
    """A stack: the fault of its model, and its traffic rules."""

    fault: str
    rules: str = ""


STICKY = "gonogo.dev/sticky: 'header:x-user'"
SOUND: Mapping[str, Twin] = {
    "answers": Twin("sound"),
    "routed": Twin("sound", PLANT + ROUTE.replace("HEADER", "target")),
    "kept": Twin("sound", PLANT + SPLIT.replace("STICKY", STICKY)),
    "broken": Twin("sound", BREAKER.replace("CONNECTIONS", "20")),
}
BROKEN: Mapping[str, Twin] = {
    "answers-wrong": Twin("wrong"),
    "routed-misspelt": Twin("sound", PLANT + ROUTE.replace("HEADER", "taget")),
    "kept-not": Twin("sound", PLANT + SPLIT.replace("STICKY", "")),
    "broken-posing": Twin("posing", BREAKER.replace("CONNECTIONS", "20")),
}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """All twins in one session, of which nothing is left on the daemon."""
    client = needs_docker()
    before = things(client)
    project = Project(tmp_path_factory.mktemp("docker-twins"))
    (project.folder / "manifests" / "model.yaml").unlink()
    (project.folder / "suites" / "test_model.py").unlink()
    general = "---\n".join((NAMESPACE, _deployment("general"), SERVICE))
    for case, twin in {**SOUND, **BROKEN}.items():
        image = ensure_image(client, TWIN, "--host", "0.0.0.0", "--port", "8000", "--fault", twin.fault, tag=twin.fault)  # noqa: S104 - in a Pod of its own
        project.write(f"manifests/{case}/all.yaml", (general + twin.rules).replace("shop/model:1", image))
    project.write("suites/test_shop.py", SUITE)
    outcome = project.pytest("-m", "gate", "--gonogo-platform", "docker", timeout_s=600)
    assert things(client) <= before, outcome.output
    client.close()
    return outcome


def _verdicts(judged: Outcome, case: str) -> set[str]:
    return {str(one["verdict"]) for one in judged.judgment["criteria"] if str(one["test"]).endswith(f"[{case}]")}


@pytest.mark.parametrize("case", SOUND)
def test_what_is_sound_is_go_in_docker(judged: Outcome, case: str) -> None:
    """The control: what is NO-GO beside it fails for its fault."""
    assert _verdicts(judged, case) == {"GO"}, judged.output


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_twin_is_no_go_in_docker(judged: Outcome, case: str) -> None:
    """A wrong answer, a misspelt route, users who flip, and a service that poses as the breaker."""
    assert _verdicts(judged, case) == {"NO-GO"}, judged.output


@pytest.mark.soak
@pytest.mark.parametrize(
    ("suite", "gates", "file", "sound", "broken"),
    [
        (
            "condition_based",
            ("test_condition_based.py::test_answers_the_reference",),
            "general.yaml",
            "value: general.json\n",
            "value: plant.json\n",
        ),
        (
            "parameter_based",
            (
                "test_parameter_based.py::test_answers_the_reference",
                "test_parameter_based.py::test_answers_1_from_its_threshold_on",
            ),
            "proxy.yaml",
            '- name: THRESHOLD_SETOSA\n              value: "0.9"\n',
            '- name: THRESHOLD_SETOSA\n              value: "0.901"\n',
        ),
    ],
    ids=["reference answers wrong", "threshold off by one step"],
)
def test_a_broken_twin_of_a_shipped_suite_is_no_go_in_docker(
    tmp_path: Path, suite: str, gates: tuple[str, ...], file: str, sound: str, broken: str
) -> None:
    """From the images that ship; the suite passes without the fault, and is NO-GO with it."""
    needs_docker().close()
    project = copied(tmp_path, f"suites/{suite}", f"manifests/{suite}")
    project.write("pyproject.toml", '[tool.gonogo]\nready_timeout = "300s"\n')
    asked = [*(f"suites/{suite}/{gate}" for gate in gates), "--gonogo-platform", "docker"]
    assert project.pytest(*asked, timeout_s=900).last_line == "GO"
    manifest = project.folder / "manifests" / suite / file
    text = manifest.read_text(encoding="utf-8")
    assert text.count(sound) == 1
    manifest.write_text(text.replace(sound, broken), encoding="utf-8")
    outcome = project.pytest(*asked, timeout_s=900)
    assert outcome.last_line.startswith("NO-GO: "), outcome.output


def test_the_session_is_no_go_in_docker(judged: Outcome) -> None:
    """One broken twin is enough."""
    assert judged.last_line.startswith("NO-GO: "), judged.output
