"""``gonogo check`` and ``gonogo up``."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx

from fixtures.projects import MANIFEST, Project


def test_clean_manifests_exit_with_0(project: Project) -> None:
    """Notices and warnings are no errors."""
    done = project.gonogo("check", "manifests")
    assert done.returncode == 0, done.stdout
    assert "0 errors" in done.stdout


def test_an_error_exits_with_1_and_names_file_line_and_field(project: Project) -> None:
    """A Service whose selector matches nothing has no endpoints."""
    broken = project.write("manifests/model.yaml", MANIFEST.replace("selector: {app: model}", "selector: {app: modle}"))
    done = project.gonogo("check", "manifests")
    assert done.returncode == 1
    line = next(number for number, text in enumerate(broken.read_text().splitlines(), 1) if "app: modle" in text)
    assert f"manifests/model.yaml:{line}" in done.stdout
    assert "spec.selector" in done.stdout


def test_standard_input_is_read_as_a_file(project: Project) -> None:
    """``helm template . | gonogo check -`` works, and findings say ``-``."""
    done = project.gonogo("check", "-", "--json", stdin=MANIFEST.replace("selector: {app: model}", "selector: {a: b}"))
    assert done.returncode == 1
    assert {finding["source"]["file"] for finding in json.loads(done.stdout)} == {"-"}


def test_broken_yaml_exits_with_2_and_names_the_place(project: Project) -> None:
    """File, line and column of what cannot be read."""
    project.write("manifests/model.yaml", "kind: [Service\n")
    done = project.gonogo("check", "manifests")
    assert done.returncode == 2
    assert "manifests/model.yaml:" in done.stderr
    assert "Traceback" not in done.stderr


def test_up_serves_until_it_is_stopped_and_leaves_nothing(project: Project) -> None:
    """The printed address answers; after SIGINT nobody listens there and the exit status is 0."""
    program = str(Path(sys.executable).parent / "gonogo")
    with subprocess.Popen(
        [program, "up", "manifests", "--json"],
        cwd=project.folder,
        env=project.environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as up:
        assert up.stdout is not None
        (url,) = json.loads(up.stdout.readline())["services"]["shop/model:8000"]
        assert httpx.get(f"{url}/health").status_code == 200
        up.send_signal(signal.SIGINT)
        up.communicate(timeout=30)
    assert up.returncode == 0
    try:
        httpx.get(f"{url}/health", timeout=1)
    except httpx.TransportError:
        return
    raise AssertionError(f"{url} still answers")


def test_render_prints_the_configuration_of_the_clients_proxy(project: Project) -> None:
    """Traffic rules of the manifests come out as a configuration for Envoy, or for Nginx."""
    project.write(
        "manifests/breaker.yaml",
        "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: model, namespace: shop}\n"
        "spec: {host: model, trafficPolicy: {connectionPool: {tcp: {maxConnections: 7}}}}\n",
    )
    envoy = project.gonogo("render", "manifests", "--to", "envoy")
    assert envoy.returncode == 0, envoy.stderr
    assert "max_connections: 7" in envoy.stdout
    assert project.gonogo("render", "manifests", "--to", "nginx").returncode in (0, 1)
    assert project.gonogo("render", "manifests", "--to", "apache").returncode == 2
