"""The transport's truths: TLS, addresses, odd framing, and a machine that runs short."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gonogo.load.target import Target
from gonogo.runs.run import ERRORS, Run
from tests.load.harness import Drive, Server

Kinds = Callable[[Run], set[str]]

_ROOT = os.geteuid() == 0


class Authority:
    """A certificate authority of the tests' own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.certificate = str(folder / "authority.pem")
        self._key = str(folder / "authority.key")
        self._openssl(
            *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=gonogo tests"),
            *("-keyout", self._key, "-out", self.certificate),
        )

    def issue(self, name: str, *, days: int = 2) -> tuple[str, str]:
        """Return a certificate for a name or an address, and its key."""
        key, request, certificate = (str(self._folder / f"{name}{days}.{kind}") for kind in ("key", "csr", "pem"))
        extensions = self._folder / "extensions"
        extensions.write_text(f"subjectAltName={'IP' if name[0].isdigit() else 'DNS'}:{name}\n")
        self._openssl(*("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=server", "-keyout", key, "-out", request))
        self._openssl(
            *("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial"),
            *("-days", str(days), "-extfile", str(extensions), "-out", certificate),
        )
        return certificate, key

    def _openssl(self, *arguments: str) -> None:
        subprocess.run([shutil.which("openssl") or "openssl", *arguments], check=True, capture_output=True)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The tests' certificate authority."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    return Authority(tmp_path_factory.mktemp("authority"))


def _engine_through(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """Have the engine started by a shell script, which ends with: exec this interpreter."""
    wrapper = folder / "wrapper.sh"
    wrapper.write_text(f"#!/bin/sh\n{script}\n".replace("PYTHON", sys.executable))
    wrapper.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(wrapper))


def test_a_certificate_that_the_system_trusts_is_used(
    drive: Drive, serve: Callable[..., Server], authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signed by an authority that SSL_CERT_FILE names, for this address: all requests succeed, checks and all."""
    monkeypatch.setenv("SSL_CERT_FILE", authority.certificate)
    server = serve(*authority.issue("127.0.0.1"))
    assert drive(Target.build("GET", f"{server.url}/ok", expect="ok")).columns.success.all()


@pytest.mark.parametrize(
    ("name", "days", "trusted"), [("127.0.0.1", 2, False), ("127.0.0.1", -1, True), ("elsewhere.test", 2, True)]
)
def test_a_certificate_that_does_not_hold_is_tls(
    drive: Drive,
    serve: Callable[..., Server],
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    kinds: Kinds,
    name: str,
    days: int,
    trusted: bool,  # noqa: FBT001 - a table
) -> None:
    """By an authority that nobody trusts, expired, or for another host: each request fails as tls."""
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", authority.certificate)
    else:
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    server = serve(*authority.issue(name, days=days))
    assert kinds(drive(f"{server.url}/ok", duration_s=0.1)) == {"tls"}


def test_a_server_that_speaks_no_tls(drive: Drive, nginx: str, kinds: Kinds) -> None:
    """An https URL at a plain nginx fails as tls."""
    assert kinds(drive(nginx.replace("http:", "https:"), duration_s=0.1)) == {"tls"}


def test_resets_inside_tls(
    drive: Drive, serve: Callable[..., Server], authority: Authority, monkeypatch: pytest.MonkeyPatch, kinds: Kinds
) -> None:
    """A connection that is reset in the middle of an answer is reset, with TLS too."""
    monkeypatch.setenv("SSL_CERT_FILE", authority.certificate)
    server = serve(*authority.issue("127.0.0.1"))
    assert kinds(drive(f"{server.url}/reset-in-body", duration_s=0.1)) == {"reset"}


def test_large_bodies_inside_tls(
    drive: Drive, serve: Callable[..., Server], authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A megabyte goes out and comes back unharmed."""
    monkeypatch.setenv("SSL_CERT_FILE", authority.certificate)
    server = serve(*authority.issue("127.0.0.1"))
    body = "gonogo " * 150_000
    target = Target.build("POST", f"{server.url}/echo", body=body, expect={"contains": body})
    assert drive(target, rate=10, timeout_s=10).columns.success.all()


def test_ipv6(drive: Drive, serve: Callable[..., Server]) -> None:
    """A server on ::1 is asked by its address in brackets."""
    try:
        server = serve("::1")
    except ValueError:
        pytest.skip("this machine has no IPv6")
    assert drive(Target.build("GET", f"{server.url}/address", expect="::1")).columns.success.all()


@pytest.mark.skipif(not _ROOT, reason="only root can give the engine a file of hosts of its own")
@pytest.mark.parametrize(
    ("listening", "asked"), [("127.0.0.1,127.0.0.2", {"127.0.0.1", "127.0.0.2"}), ("127.0.0.2", {"127.0.0.2"})]
)
def test_a_name_with_two_addresses(
    drive: Drive,
    serve: Callable[..., Server],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    listening: str,
    asked: set[str],
) -> None:
    """Both addresses share the connections; where one of them refuses, the other has them all, and nothing fails."""
    server = serve(listening)
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 twins.test\n127.0.0.2 twins.test\n")
    inner = f'mount --bind {hosts} /etc/hosts && exec PYTHON "$@"'
    _engine_through(monkeypatch, tmp_path, f"exec unshare -m sh -c '{inner}' sh \"$@\"")
    target = Target.build("GET", f"http://twins.test:{server.port}/address", extract={"address": "$"})
    columns = drive(target).columns
    if (tmp_path / "spool" / "engine.log").read_text():
        pytest.skip("this machine lets nobody mount")
    assert columns.success.all()
    assert set(columns.extracted["address"]) == asked


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/two-lengths", "protocol"),
        ("/no-length", "protocol"),
        ("/bad-chunk", "protocol"),
        ("/http2", "protocol"),
        ("/only-informed", "timeout"),
        ("/half-close", "reset"),
        ("/huge-head", ""),
        ("/old", ""),
        ("/half-close?n=1", ""),
        ("/trickle?s=0.001", ""),
    ],
)
def test_odd_answers(drive: Drive, server: Server, kinds: Kinds, path: str, kind: str) -> None:
    """Each has a kind of failure, or is understood; none hangs or ends the engine."""
    assert kinds(drive(f"{server.url}{path}", duration_s=0.1, timeout_s=0.5)) == {kind}


def test_what_has_both_a_length_and_chunks_is_not_believed(drive: Drive, server: Server, kinds: Kinds) -> None:
    """RFC 9112 section 6.3 has it that such an answer may be an attempt to smuggle another."""
    assert kinds(drive(f"{server.url}/length-and-chunks", duration_s=0.1, timeout_s=0.5)) == {"protocol"}


def test_gzip_is_left_alone(drive: Drive, server: Server) -> None:
    """A compressed answer is a success, its bytes are counted as they came, and its text is not looked into."""
    url = f"{server.url}/gzip"
    columns = drive(Target("GET", url), Target.build("GET", url, expect={"contains": "ok"})).columns
    assert set(columns.error) == {0, ERRORS.index("check")}
    assert columns.bytes_in.max() < 200


def test_an_answer_before_the_whole_request_was_sent_counts(drive: Drive, server: Server) -> None:
    """A server that answers 413 to the head of a large request and hangs up has answered."""
    target = Target("POST", f"{server.url}/early", body=b"x" * 8_000_000)
    columns = drive(target, rate=20).columns
    assert (set(columns.status), set(columns.error)) == ({413}, {0})


def test_a_server_that_closes_every_third_connection_idle(drive: Drive, server: Server) -> None:
    """No request is lost when kept connections end, by count or by time."""
    run = drive(f"{server.url}/close-every?n=3", f"{server.url}/close-idle?s=0.002", rate=300, duration_s=0.5)
    assert run.columns.success.all()


def test_a_machine_without_descriptors_is_the_generators_fault(
    drive: Drive, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With 24 descriptors for 64 connections the run ends in time, with every row, INVALID, and says why."""
    _engine_through(monkeypatch, tmp_path, 'ulimit -n 24\nexec PYTHON "$@"')
    run = drive(f"{server.url}/slow?s=0.1", rate=400)
    assert len(run.columns) == 100
    assert not run.facts.valid
    assert "connections (Too many open files)" in run.facts.invalid_reason


_IN_A_NETWORK_OF_ITS_OWN = """
import json, pathlib, subprocess, sys
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").write_text("40000 40009")
from gonogo.load.driver import start
from gonogo.load.plan import LoadPlan
from gonogo.load.target import Target
server = subprocess.Popen([sys.executable, sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
url = f"http://127.0.0.1:{int(server.stdout.readline())}/slow?s=0.1"
plan = LoadPlan("x", (Target("GET", url),), 400, 0.25, timeout_s=2.0, connections=64)
with start(plan, pathlib.Path(sys.argv[2])) as load:
    run = load.wait()
server.communicate()
print(json.dumps([len(run.columns), bool(run.columns.success.any()), run.facts.valid, run.facts.invalid_reason]))
"""


@pytest.mark.skipif(not _ROOT or shutil.which("ip") is None, reason="needs root and ip(8) for a network of its own")
def test_a_machine_without_ports_is_the_generators_fault(tmp_path: Path) -> None:
    """With ten ports for 64 connections the run ends in time, with every row, INVALID, and says why."""
    server = Path(__file__).with_name("scripted_server.py")
    command = ["unshare", "-n", sys.executable, "-c", _IN_A_NETWORK_OF_ITS_OWN, str(server), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    if "unshare" in done.stderr:
        pytest.skip("this machine lets nobody make a network")
    rows, answered, valid, reason = json.loads(done.stdout)
    assert (rows, answered, valid) == (100, True, False)
    assert "connections (Cannot assign requested address)" in reason


def test_descriptors_are_asked_for(
    drive: Drive, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where only the soft limit is low, the engine raises it."""
    _engine_through(monkeypatch, tmp_path, 'ulimit -S -n 24\nexec PYTHON "$@"')
    run = drive(f"{server.url}/slow?s=0.1", rate=400, connections=64)
    assert len(np.unique(run.columns.connection)) > 24
