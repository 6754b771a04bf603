"""The limits that follow from a capacity, and the texts to take away."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gonogo.errors import UsageError
from gonogo.experiments.capacity.advice import Limits, destination_rule, limits_for, nginx_directives
from gonogo.manifests import check, reader
from gonogo.manifests.host import Host
from gonogo.mesh.reading import read
from gonogo.sidecar.program import program

HOST = Host("shop", "iris")
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: iris, namespace: shop}
spec: {selector: {app: iris}, ports: [{port: 80, targetPort: 8000, name: http}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: iris, namespace: shop}
spec:
  selector: {matchLabels: {app: iris}}
  template:
    metadata: {labels: {app: iris}}
    spec:
      containers:
      - name: iris
        image: gonogo/iris:1.0.0
        ports: [{containerPort: 8000}]
        readinessProbe: {httpGet: {path: /health, port: 8000}}
"""


def test_connections_are_what_was_at_once_and_the_queue_what_the_limit_leaves() -> None:
    """Half of the 80 ms that are left of the limit, at 100/s, is four requests."""
    limits = limits_for(in_flight=6, latency_s=0.02, limit_s=0.1, rate=100)
    assert limits == Limits(max_connections=6, max_pending=4)


def test_limits_are_shared_out_among_clients() -> None:
    """Each client has a breaker of its own, and none has less than one connection."""
    assert limits_for(in_flight=6, latency_s=0.02, limit_s=0.1, rate=100, clients=4) == Limits(2, 1)


def test_without_a_latency_limit_one_may_wait_for_each_connection() -> None:
    """There is nothing that says how long a request may wait."""
    assert limits_for(in_flight=6, latency_s=0.02, limit_s=None, rate=100) == Limits(6, 6)


@pytest.mark.parametrize("given", [(0, 1), (1, 0)])
def test_limits_below_one_are_refused(given: tuple[int, int]) -> None:
    """A breaker that lets nothing through is no advice."""
    with pytest.raises(UsageError):
        Limits(*given)


def test_the_destination_rule_is_read_as_these_limits(tmp_path: Path) -> None:
    """What is pasted says what was found, and the checker has nothing against it."""
    file = tmp_path / "all.yaml"
    file.write_text(f"{SERVICE}---\n{destination_rule(HOST, Limits(7, 3))}")
    documents = reader.read([file])
    assert [str(finding) for finding in check.check(documents) if "DestinationRule" in finding.object] == []
    pool = read(documents).of(HOST).traffic.pool
    assert pool is not None
    assert (pool.max_connections, pool.max_pending) == (7, 3)


def test_a_real_nginx_takes_the_directives(tmp_path: Path) -> None:
    """Pasted where they say, they are a configuration that Nginx accepts."""
    nginx = program("nginx")
    in_http, in_location = nginx_directives(HOST, Limits(7, 3)).split("# in the location")
    assert "limit_conn shop_iris 10;" in in_location
    location = in_location.partition("\n")[2]
    (tmp_path / "logs").mkdir()
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{ access_log off; {in_http}\n"
        f"server {{ listen 127.0.0.1:8099; location / {{ {location} proxy_pass http://127.0.0.1:8098; }} }} }}\n"
    )
    done = subprocess.run(
        [nginx, "-t", "-p", f"{tmp_path}/", "-c", str(tmp_path / "nginx.conf")], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
