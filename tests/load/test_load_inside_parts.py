"""The parts of load from within that need no process: frames, clocks, control groups, taps and mirrors."""

from __future__ import annotations

import os
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.errors import EnvironmentFault
from gonogo.load.certify import starved
from gonogo.load.inside.assignment import trusted_certificates
from gonogo.load.inside.cgroup import Allowance, Standing, allowance, standing, starved_s
from gonogo.load.inside.clock import Reading, best, spread_s
from gonogo.load.inside.frames import FrameReader, Kind, frame
from gonogo.load.inside.mirror import Mirror
from gonogo.load.inside.tap import BLOCK, Tap, checksum
from gonogo.load.spool import CUT, DONE, PICKED, SENT, Spool
from gonogo.load.target import Target
from gonogo.runs.run import WorkerFacts

frames = st.lists(st.tuples(st.sampled_from(Kind), st.binary(max_size=300)), max_size=8)


@given(sent=frames, pieces=st.lists(st.integers(1, 50), min_size=1))
def test_frames_survive_any_division_of_the_stream(sent: list[tuple[Kind, bytes]], pieces: list[int]) -> None:
    """Whatever the pieces are in which bytes arrive, the frames are those that were sent."""
    data = b"".join(frame(kind, content) for kind, content in sent)
    reader, at = FrameReader(), 0
    heard: list[tuple[Kind, bytes]] = []
    while at < len(data):
        for size in pieces:
            heard += reader.feed(data[at : at + size])
            at += size
    assert heard == sent


@given(data=st.binary(min_size=5).filter(lambda data: data[0] not in set(Kind)))
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    """A program that writes something else is told apart from a worker."""
    with pytest.raises(EnvironmentFault, match="cannot be read"):
        list(FrameReader().feed(data))


clocks = st.floats(-1e6, 1e6)
delays = st.floats(0.0, 10.0)


@given(ahead_s=clocks, trips=st.lists(st.tuples(st.floats(0, 1e5), delays, delays), min_size=1))
def test_the_error_of_a_clock_is_bounded(ahead_s: float, trips: list[tuple[float, float, float]]) -> None:
    """However long either way takes, the offset is wrong by no more than the reading says."""
    readings = [Reading(at, at + there + ahead_s, at + there + back) for at, there, back in trips]
    reading = best(readings)
    assert abs(reading.offset_s - ahead_s) <= reading.error_s + 1e-6
    assert reading.error_s <= min((there + back) / 2 for _, there, back in trips) + 1e-6


def test_two_workers_are_as_far_apart_as_their_errors_together() -> None:
    """One worker is not apart from itself; of three, the two worst count."""
    one, two, three = (Reading(0.0, 0.0, error_s * 2) for error_s in (0.001, 0.004, 0.002))
    assert spread_s([one]) == 0.0
    assert spread_s([one, two, three]) == pytest.approx(0.006)


def _file(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n", encoding="ascii")


def test_an_allowance_of_version_2(tmp_path: Path) -> None:
    """CPU as quota and period, memory in bytes."""
    for name, text in (("cpu.max", "150000 100000"), ("memory.max", "1048576"), ("memory.peak", "4096")):
        _file(tmp_path / name, text)
    assert allowance(tmp_path) == Allowance(1.5, 1048576, 4096)


def test_an_allowance_of_version_1(tmp_path: Path) -> None:
    """The same in other files."""
    for name, text in (
        ("cpu/cpu.cfs_quota_us", "20000"),
        ("cpu/cpu.cfs_period_us", "100000"),
        ("memory/memory.limit_in_bytes", "1048576"),
        ("memory/memory.max_usage_in_bytes", "4096"),
    ):
        _file(tmp_path / name, text)
    assert allowance(tmp_path) == Allowance(0.2, 1048576, 4096)


@pytest.mark.parametrize("version", [1, 2])
def test_no_limit_is_none(tmp_path: Path, version: int) -> None:
    """However the kernel says so."""
    if version == 1:
        _file(tmp_path / "cpu/cpu.cfs_quota_us", "-1")
        _file(tmp_path / "memory/memory.limit_in_bytes", "9223372036854771712")
    else:
        _file(tmp_path / "cpu.max", "max 100000")
        _file(tmp_path / "memory.max", "max")
    assert allowance(tmp_path) == Allowance(None, None, None)


@pytest.mark.parametrize(
    ("path", "text"), [("cpu.stat", "throttled_usec 250000"), ("cpu/cpu.stat", "throttled_time 250000000")]
)
def test_the_account_of_a_limit(tmp_path: Path, path: str, text: str) -> None:
    """In the unit of either version; what the process waited comes from its own file."""
    _file(tmp_path / path, f"nr_periods 9\n{text}")
    _file(tmp_path / "7/schedstat", "1000 1500000000 12")
    stands = standing(7, root=tmp_path, proc=tmp_path)
    assert stands is not None
    assert (stands.throttled_s, stands.delayed_s) == (0.25, 1.5)


def test_a_process_that_is_gone_tells_nothing(tmp_path: Path) -> None:
    """Nobody knows how it stood."""
    assert standing(7, root=tmp_path, proc=tmp_path) is None


def test_only_long_waits_starve() -> None:
    """Of three stretches, that in which a tenth was waited counts; a hundredth is what awakenings cost."""
    stands = [
        Standing(at_s, 0.0, delayed_s) for at_s, delayed_s in ((0.0, 0.0), (0.1, 0.001), (0.2, 0.011), (0.3, 0.012))
    ]
    assert starved_s(stands) == pytest.approx(0.01)


def test_a_starved_worker_spoils_the_run() -> None:
    """More than a hundredth of the run without CPU; the message says who, how long, and what to do."""
    worker = WorkerFacts("Pod a/b on node c", cpu=1.0, throttled_s=0.1, starved_s=0.5, watched_s=10.0)
    assert starved(worker) == (
        "the generator had work and no CPU with its 1 core for 500 ms of 10 s, of which its own limit accounts for "
        "100 ms (Pod a/b on node c; at most 1 % is allowed); "
        "give its Pod more CPU, have more workers, or lower the rate"
    )
    assert not starved(replace(worker, watched_s=60.0))


def _spools(rows: int) -> tuple[Spool, Spool]:
    pair = Spool.create(rows, 1), Spool.create(rows, 1)
    for spool in pair:
        os.close(spool.fd)
    return pair


@given(st.lists(st.tuples(st.integers(0, 300), st.lists(st.integers(0, 4 * BLOCK), max_size=20)), max_size=6))
def test_a_mirror_shows_what_the_tap_saw(steps: list[tuple[int, list[int]]]) -> None:
    """Rows that begin and end in any order are the same on both sides, and so are the counters."""
    there, here = _spools(8 * BLOCK)
    nothing = os.memfd_create("nothing")
    tap, mirror = Tap(there, nothing), Mirror(here, nothing)
    due, error, further = there.seconds["due_s"], there.numbers["error"], there.further[0]
    for begun, ended in steps:
        for _ in range(begun):
            row = there.head[PICKED]
            due[row], error[row] = row / 10, CUT
            there.head[PICKED] = row + 1
        for row in ended:
            if row < there.head[PICKED]:
                error[row], further[row] = row % CUT, row
        there.head[SENT], there.head[DONE] = begun, len(ended)
        _take(mirror, tap.news())
    there.seconds["sent_s"][0] = 0.5
    _take(mirror, tap.news(last=True))
    os.close(nothing)
    assert list(here.head[:4]) == list(there.head[:4])
    assert bytes(here.columns["error"]) == bytes(there.columns["error"])
    assert bytes(here.columns["due_s"]) == bytes(there.columns["due_s"])
    if CUT in list(error[:BLOCK]):
        assert checksum(here) == checksum(there)


def _take(mirror: Mirror, news: object) -> None:
    for kind, content in FrameReader().feed(b"".join(news)):  # type: ignore[arg-type] # frames
        if kind is Kind.ROWS:
            mirror.take_rows(content)
        elif kind is Kind.COUNTS:
            mirror.take_counts(content)


def test_certificates_go_along_only_where_tls_is_spoken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are what this machine trusts."""
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(b"-----BEGIN CERTIFICATE-----")
    folder = tmp_path / "none"
    folder.mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    monkeypatch.setenv("SSL_CERT_DIR", str(folder))
    assert ssl.get_default_verify_paths().cafile == str(bundle)
    assert trusted_certificates((Target("GET", "http://a/"),)) == b""
    assert trusted_certificates((Target("GET", "https://a/"),)) == b"-----BEGIN CERTIFICATE-----\n"
