"""The engine's truths: what it records of services that answer, stall, die and lie."""

from __future__ import annotations

import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import numpy as np
import pytest

from gonogo.load.target import Target
from gonogo.runs.run import ERRORS, Run
from tests.load.harness import Drive, Server

Kinds = Callable[[Run], set[str]]


def test_every_due_request_has_a_row(drive: Drive, server: Server) -> None:
    """At 300 requests per second for half a second there are exactly 150 rows, due at even distances."""
    run = drive(f"{server.url}/ok", rate=300, duration_s=0.5)
    assert run.columns.due_s == pytest.approx(np.arange(150) / 300)


def test_an_answered_request_has_its_times_in_order(drive: Drive, server: Server) -> None:
    """Due, sent, first byte and done follow each other."""
    columns = drive(f"{server.url}/ok").columns
    times = np.stack([columns.due_s, columns.sent_s, columns.first_byte_s, columns.done_s])
    assert np.all(np.diff(times, axis=0) >= 0)


def test_an_answered_request_counts_its_bytes(drive: Drive, server: Server) -> None:
    """The answer's head and body are counted, and the request's."""
    columns = drive(Target("GET", f"{server.url}/ok", (("Host", "a"), ("User-Agent", "b"), ("Accept", "c")))).columns
    sent = len(f"GET {urlsplit(server.url).path}/ok HTTP/1.1\r\nHost: a\r\nUser-Agent: b\r\nAccept: c\r\n\r\n")
    assert (set(columns.bytes_in), set(columns.bytes_out)) == ({40}, {sent})


def test_a_healthy_run_is_all_success(drive: Drive, server: Server) -> None:
    """A server that answers 200 gives nothing but successes."""
    assert drive(f"{server.url}/ok").columns.success.all()


def test_a_stall_is_seen_by_every_request_due_in_it(drive: Drive, server: Server) -> None:
    """No request due while the server stands still for 0.4 s gets its answer before the stall is over."""
    columns = drive(f"{server.url}/stall?n=40&s=0.4", rate=100, duration_s=1).columns
    begun = columns.due_s[39]
    due_in_it = (columns.due_s >= begun) & (columns.due_s < begun + 0.4)
    assert np.all(columns.latency_s[due_in_it] >= begun + 0.4 - columns.due_s[due_in_it])


def test_waiting_for_a_connection_is_no_lag(drive: Drive, server: Server) -> None:
    """One connection and answers after 200 ms: nearly all of the lateness is queueing, which is the service's."""
    columns = drive(f"{server.url}/slow?s=0.2", rate=50, connections=1, timeout_s=60, duration_s=0.2).columns
    late = columns.sent_s - columns.due_s
    assert columns.queued_s.sum() > 0.9 * late.sum()


def test_never_more_connections_than_allowed(drive: Drive, server: Server) -> None:
    """With three connections allowed, no more are used."""
    columns = drive(f"{server.url}/slow?s=0.02", rate=400, connections=3, duration_s=0.1).columns
    assert len(set(columns.connection)) == 3


def test_nobody_listens(drive: Drive, kinds: Kinds) -> None:
    """A port without a server refuses every request, and every one of them has a row."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    run = drive(f"http://127.0.0.1:{port}/")
    assert (kinds(run), len(run.columns), run.facts.valid) == ({"refused"}, 100, True)


def test_a_load_that_could_not_be_sent_lasts_as_long_as_it_was_due(drive: Drive) -> None:
    """Where nothing could be sent, the attack goes from the first due time to the last, so the throughput is 0/s."""
    facts = drive("http://no-such-host.invalid/", rate=100, duration_s=0.3).facts
    assert facts.attack_s == pytest.approx(0.29)


def test_a_name_that_does_not_resolve(drive: Drive, kinds: Kinds) -> None:
    """Each request to an unknown host fails as dns."""
    assert kinds(drive("http://no-such-host.invalid/")) == {"dns"}


def test_no_answer_is_a_timeout(drive: Drive, server: Server) -> None:
    """A server that never answers fails each request once its timeout is over, counted from its due time."""
    columns = drive(f"{server.url}/never", timeout_s=0.3).columns
    assert set(columns.error) == {ERRORS.index("timeout")}
    assert columns.latency_s.min() >= 0.3


def test_waiting_in_vain_is_a_timeout_too(drive: Drive, server: Server) -> None:
    """Behind one connection that never answers, requests time out without having been sent."""
    columns = drive(f"{server.url}/never", timeout_s=0.3, connections=1, duration_s=0.2).columns
    unsent = np.isnan(columns.sent_s)
    assert unsent.any()
    assert set(columns.error[unsent]) == {ERRORS.index("timeout")}


def test_a_server_that_does_not_accept_is_a_timeout(drive: Drive, kinds: Kinds) -> None:
    """A server whose backlog is full lets connections hang; its requests time out."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf:
        run = drive(f"http://127.0.0.1:{deaf.getsockname()[1]}/", rate=50, timeout_s=0.3, duration_s=0.3)
    assert kinds(run) == {"timeout"}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/reset-in-head", "reset"),
        ("/reset-in-body", "reset"),
        ("/end-in-body", "reset"),
        ("/end-unanswered", "reset"),
        ("/reset-at-once", "reset"),
        ("/garbage", "protocol"),
        ("/too-long", "protocol"),
        ("/twice", "protocol"),
        ("/endless-head", "protocol"),
        ("/status?n=101", "protocol"),
    ],
)
def test_a_broken_answer_is_a_failure_of_its_kind(
    drive: Drive, server: Server, kinds: Kinds, path: str, kind: str
) -> None:
    """Each way to break an answer has a named kind, and none of them is a success."""
    run = drive(f"{server.url}{path}", duration_s=0.05)
    assert kinds(run) == {kind}


@pytest.mark.parametrize(
    ("path", "size"),
    [
        ("/chunked", None),
        ("/until-end", len("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nall of it")),
        ("/informed", None),
        ("/close-said", None),
        ("/close-every?n=3", 40),
        ("/status?n=204", None),
        ("/status?n=304", None),
    ],
)
def test_every_way_to_frame_an_answer_is_understood(drive: Drive, server: Server, path: str, size: int | None) -> None:
    """Chunks and trailers, bodies that end with the connection, 1xx, no body, closed connections: all are successes."""
    columns = drive(f"{server.url}{path}", duration_s=0.1).columns
    assert columns.success.all()
    assert size is None or set(columns.bytes_in) == {size}


def test_a_body_that_ends_with_the_connection_is_checked_as_a_whole(drive: Drive, server: Server) -> None:
    """The check sees what came before the connection ended."""
    assert drive(Target.build("GET", f"{server.url}/until-end", expect="all of it")).columns.success.all()


def test_head_answers_have_no_body(drive: Drive, server: Server) -> None:
    """HEAD and GET take turns on one connection, whatever length the head announces."""
    targets = (Target("HEAD", f"{server.url}/head"), Target("GET", f"{server.url}/head"))
    run = drive(*targets, rate=50, connections=1)
    assert run.columns.success.all()
    assert set(run.columns.connection) == {0}


def test_a_connection_closed_while_idle_loses_no_request(drive: Drive, server: Server) -> None:
    """A server that ends kept connections after 3 ms, about when they are used again, is blamed for nothing."""
    run = drive(f"{server.url}/close-idle?s=0.003", rate=250, duration_s=1, connections=4)
    assert run.columns.success.all()


def test_a_request_taken_and_dropped_is_the_services_fault(drive: Drive, server: Server) -> None:
    """A server that reads every fifth request and hangs up is not asked again: those are failures."""
    columns = drive(f"{server.url}/end-unanswered?n=5", rate=100, duration_s=1, connections=1).columns
    assert np.count_nonzero(columns.error == ERRORS.index("reset")) == 20


def test_a_status_that_is_no_success(drive: Drive, server: Server) -> None:
    """A 503 is an answer with a status, no success, and no error of its own."""
    columns = drive(f"{server.url}/status?n=503").columns
    assert (set(columns.status), set(columns.error), columns.success.sum()) == ({503}, {0}, 0)


def test_an_expected_status_is_a_success(drive: Drive, server: Server) -> None:
    """A 404 that the target expects is a success."""
    assert drive(Target.build("GET", f"{server.url}/status?n=404", expect=404)).columns.success.all()


@pytest.mark.parametrize(
    "expect", [{"$.mode": "svc"}, {"schema": {"properties": {"mode": {"const": "svc"}}}}, {"header": {"X-Mode": "svc"}}]
)
def test_a_wrong_answer_is_a_failure(drive: Drive, server: Server, expect: object) -> None:
    """Every fifth answer, with status 200, names another model: these fail as check."""
    columns = drive(Target.build("GET", f"{server.url}/json?n=5", expect=expect)).columns
    assert (columns.error == ERRORS.index("check")).sum() == 20
    assert columns.success.sum() == 80
    assert set(columns.status) == {200}


def test_a_check_that_never_ran_is_no_pass(drive: Drive, server: Server) -> None:
    """An answer that never came does not pass its check."""
    assert not drive(Target.build("GET", f"{server.url}/never", expect="x"), timeout_s=0.2).columns.success.any()


def test_large_bodies_go_out_and_come_back_whole(drive: Drive, server: Server) -> None:
    """Two megabytes, more than any socket buffer takes at once, are echoed unharmed."""
    body = "gonogo " * 300_000
    target = Target.build("POST", f"{server.url}/echo", body=body, expect={"contains": body})
    columns = drive(target, rate=10, timeout_s=10).columns
    assert columns.success.all()
    assert columns.bytes_out.min() > len(body)


@pytest.mark.parametrize("arrivals", ["constant", "poisson"])
def test_weights_are_kept_to_within_one(drive: Drive, server: Server, arrivals: str) -> None:
    """At weights of 5, 3 and 2, each target gets its share of the requests, rounded up or down."""
    targets = [Target("GET", f"{server.url}/ok?{name}", weight=name) for name in (5, 3, 2)]
    columns = drive(*targets, rate=1001, arrivals=arrivals).columns
    shares = np.array([0.5, 0.3, 0.2]) * len(columns)
    assert np.all(np.abs(np.bincount(columns.target, minlength=3) - shares) < 1)


def test_the_warm_up_is_left_out_and_counted(drive: Drive, server: Server) -> None:
    """A quarter of a second of warm-up at 400/s is 100 requests in the facts and none in the columns."""
    run = drive(f"{server.url}/ok", warmup_s=0.25)
    assert (run.facts.warmup_requests, len(run.columns), run.columns.due_s[0]) == (100, 100, 0)


def test_a_rate_that_nothing_can_send_is_invalid(drive: Drive, server: Server) -> None:
    """At two million requests per second every due request has its row, and the generator takes the blame."""
    run = drive(f"{server.url}/ok", rate=2e6, duration_s=0.3, timeout_s=0.5)
    assert len(run.columns) == 600_000
    assert not run.facts.valid
    assert "generator did not send" in run.facts.invalid_reason


def test_a_closed_loop_sends_as_answers_come(drive: Drive, server: Server) -> None:
    """Two connections and answers after 20 ms: each begins its next request when it is free, so queues stay empty."""
    run = drive(f"{server.url}/slow?s=0.02", rate=None, connections=2, duration_s=1.0)
    assert run.facts.valid
    assert run.columns.success.all()
    assert set(run.columns.connection) <= {0, 1, 2, 3}
    assert 4 <= len(run.columns) <= 102


def test_a_closed_loop_does_not_hammer_a_dead_server(drive: Drive, kinds: Kinds) -> None:
    """Nobody listens: each user pauses for 50 ms between attempts."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    run = drive(f"http://127.0.0.1:{port}/", rate=None, connections=4)
    assert kinds(run) == {"refused"}
    assert len(run.columns) <= 24


def test_two_origins_share_the_connections(drive: Drive, serve: Callable[..., Server]) -> None:
    """With one connection for two servers it changes hands, and both are asked."""
    urls = [f"{serve().url}/ok" for _ in range(2)]
    run = drive(*urls, connections=1, rate=100)
    assert run.columns.success.all()


def test_endpoints_are_used_evenly(drive: Drive, serve: Callable[..., Server]) -> None:
    """Two replicas behind one name take turns while both have a free connection, and the name need not resolve."""
    replicas = [serve() for _ in range(2)]
    target = Target(
        "GET", "http://iris-svc.invalid/ok", endpoints=tuple(("127.0.0.1", replica.port) for replica in replicas)
    )
    columns = drive(target).columns
    even = columns.connection % 2 == 0
    assert columns.success.all()
    assert 35 <= even.sum() <= 65


def test_a_name_with_several_addresses_uses_the_one_that_answers(drive: Drive, server: Server) -> None:
    """The name localhost may also be ::1, where nobody listens: no request fails for it."""
    assert drive(f"http://localhost:{server.port}/ok").columns.success.all()


def test_nginx_that_closes_every_seventh_request(drive: Drive, nginx: str) -> None:
    """A real nginx that ends each connection after seven requests loses none of 500."""
    run = drive(nginx, rate=500, duration_s=1)
    assert run.columns.success.all()
    assert len(run.columns) == 500
