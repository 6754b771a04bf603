"""The watchdog: which rules it takes, what it sees, and that it stops the mirroring once."""

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from gonogo.capture.feed import Feed, ProxyFeed
from gonogo.capture.reading import Reading
from gonogo.capture.record import captured
from gonogo.capture.sides import Sides
from gonogo.capture.tail import Tail
from gonogo.errors import UsageError
from gonogo.runs.run import Run
from gonogo.suite.parity import Capture
from gonogo.suite.traffic import Traffic, TrafficChange
from gonogo.suite.watchdog import Watchdog, watched_run
from gonogo.verdicts.verdict import Outcome

LIVE, SHADOW = "127.0.0.1:1", "127.0.0.1:2"
WAIT_S = 15.0


class FakeCapture:
    """Reads the lines of one file."""

    name = "shop/model"
    shared = False
    sides = Sides(frozenset({LIVE}), frozenset({SHADOW}))
    reading = Reading(labels=("a", "b"))

    def __init__(self, file: Path) -> None:
        self.file = file

    def begin(self) -> None:
        pass

    def fresh_feeds(self) -> tuple[Feed, ...]:
        return (ProxyFeed(Tail(self.file)),)


class FakeTraffic:
    """Notes what is stopped."""

    def __init__(self) -> None:
        self.stopped: list[tuple[str, str]] = []

    def stop_mirror(self, service: str, why: str = "") -> TrafficChange:
        self.stopped.append((service, why))
        return TrafficChange(time.monotonic(), "", f"{service} is not mirrored", why)


def lines(number: int, at_s: float, *, status: int = 200, shadow: bool = True) -> Iterator[str]:
    """Yield the lines of one request at both sides; without ``shadow``, its copy has only begun."""
    body = b'{"prediction": [[0.9, 0.1]]}'
    for replica, answered in ((LIVE, 200), (SHADOW, status)):
        head = {"replica": replica, "request_id": f"r{number}", "time": f"{at_s:.6f}"}
        rest = {
            "method": "POST",
            "path": "/predict",
            "status": answered,
            "flags": "-",
            "latency_us": 1000,
            "request": "",
            "request_bytes": 0,
            "answer": base64.b64encode(body).decode(),
            "answer_bytes": len(body),
            "headers": {},
        }
        yield json.dumps({**head, "event": "begun"})
        if replica == LIVE or shadow:
            yield json.dumps({**head, **rest, "event": "ended"})


def watchdog(file: Path, traffic: FakeTraffic, *rules: str) -> Watchdog:
    """Return a watchdog on the lines of ``file``."""
    return Watchdog(cast("Capture", FakeCapture(file)), cast("Traffic", traffic), rules)


@pytest.mark.parametrize("rule", ["p99 <= 50ms", "success >= 99%", "mirror.once == 100%"])
def test_rules_on_what_captures_do_not_tell_are_refused(tmp_path: Path, rule: str) -> None:
    """What the client sees is the load's own matter; the message says where it belongs."""
    with pytest.raises(UsageError, match="require="):
        watchdog(tmp_path / "x", FakeTraffic(), rule)


def test_a_watchdog_needs_a_rule(tmp_path: Path) -> None:
    """Nothing to watch is a mistake."""
    with pytest.raises(UsageError, match="without rules"):
        watchdog(tmp_path / "x", FakeTraffic())


def test_a_rule_that_is_broken_stops_the_mirroring_once(tmp_path: Path) -> None:
    """Failures of the shadow are found while they happen; the verdict says that the mirroring was stopped."""
    file, traffic = tmp_path / "lines", FakeTraffic()
    dog = watchdog(file, traffic, "shadow.success >= 90%", "parity.agreement >= 10%")
    file.touch()
    with dog:
        now = time.time()
        told = [line for n in range(400) for line in lines(n, now + n / 1e4, status=200 + n % 2 * 300)]
        file.write_text("".join(f"{line}\n" for line in told))
        deadline = time.monotonic() + WAIT_S
        while dog.stopped is None:
            assert time.monotonic() < deadline, "the mirroring was not stopped"
            time.sleep(0.02)
    assert [service for service, _ in traffic.stopped] == ["shop/model"]
    assert "shadow.success >= 90% is broken" in traffic.stopped[0][1]
    broken, other = dog.verdicts
    assert (broken.outcome, broken.expression, broken.confidence) == (Outcome.NO_GO, "shadow.success >= 90%", 0.95)
    assert "The mirroring was stopped" in broken.reason
    assert other.outcome is Outcome.GO


def test_a_sound_shadow_goes_on(tmp_path: Path) -> None:
    """Rules that hold stop nothing, and are GO at the end."""
    file, traffic = tmp_path / "lines", FakeTraffic()
    file.touch()
    dog = watchdog(file, traffic, "shadow.success >= 90%")
    with dog:
        now = time.time() - 3
        file.write_text("".join(f"{line}\n" for n in range(300) for line in lines(n, now + 3 + n / 1e3)))
    assert traffic.stopped == []
    assert dog.stopped is None


def run_of(*entries: str, now_s: float) -> Run:
    """Return the run that these lines tell of."""
    capture = cast("Capture", FakeCapture(Path()))
    return watched_run(captured(entries), capture, now_s=now_s, begun_s=100.0, overdue_s=2.0)


def test_a_copy_that_waits_is_not_judged_before_it_is_overdue() -> None:
    """What is still on its way says nothing; after two seconds it has failed."""
    entries = [*lines(1, 100.0), *lines(2, 100.5, shadow=False), *lines(3, 100.6)]
    assert len(run_of(*entries, now_s=101.5).columns) == 1
    late = run_of(*entries, now_s=105.0).columns
    assert len(late) == 3
    assert list(late.extracted["shadow_latency_s"]) == [0.001, None, 0.001]


def test_requests_before_the_watch_are_left_out() -> None:
    """A run before this one is no concern of the watch."""
    assert len(run_of(*lines(1, 99.0), *lines(2, 101.0), now_s=110.0).columns) == 1
