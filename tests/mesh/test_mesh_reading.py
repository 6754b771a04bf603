"""Rules to policy: what the readers make of manifests, and that nothing in them breaks a renderer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.errors import UsageError
from gonogo.manifests.build import topology
from gonogo.manifests.host import Host
from gonogo.manifests.reader import read as read_files
from gonogo.manifests.regex import complaint
from gonogo.manifests.syntax import parse
from gonogo.mesh import RENDERERS, layout, read, render
from gonogo.mesh.envoy.bootstrap import static_file
from gonogo.mesh.policy.action import Answer, Forward, Redirect
from gonogo.mesh.policy.balancer import Algorithm, HashKey, HashSource
from gonogo.mesh.policy.destination import Destination, Mirror
from gonogo.mesh.policy.match import Kind, Match, StringMatch
from gonogo.mesh.policy.outliers import Outliers
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.policy.pool import Pool
from gonogo.mesh.policy.rejection import Rejection
from gonogo.mesh.policy.route import Route
from gonogo.mesh.policy.ruling import Ruling, Subset
from gonogo.mesh.policy.traffic import Traffic
from gonogo.mesh.record import access_record
from gonogo.mesh.sidecar import Address, Outlet, Sidecar
from tests.manifests.mutation import changed, places
from tests.mesh.proxies import envoy_says
from tests.mesh.world import NAMESPACE, Stack, manifests

IRIS = Host(NAMESPACE, "iris")


def policy(rules: str) -> Policy:
    """Return the policy of a stack iris with ``rules``."""
    return read(parse(manifests({"iris": Stack(rules)}), "stack.yaml"))


def traffic(text: str) -> Traffic:
    """Return what a DestinationRule with this trafficPolicy says."""
    return policy(f"DestinationRule\nhost: NAME\ntrafficPolicy: {text}").of(IRIS).traffic


def forward(fields: str) -> Forward:
    """Return the action of a route to iris with ``fields``."""
    rules = f"VirtualService\nhosts: [NAME]\nhttp: [{{route: [{{destination: {{host: NAME}}}}], {fields}}}]"
    [route] = policy(rules).of(IRIS).routes or ()
    assert isinstance(route.action, Forward)
    return route.action


def test_a_connection_pool_is_read() -> None:
    """Every limit arrives, durations in seconds."""
    text = (
        "{connectionPool: {tcp: {maxConnections: 1, connectTimeout: 2s, maxConnectionDuration: 1m, idleTimeout: 9s}, "
        "http: {http1MaxPendingRequests: 3, http2MaxRequests: 4, maxRetries: 5, maxRequestsPerConnection: 6, "
        "idleTimeout: 7s}}}"
    )
    assert traffic(text).pool == Pool(1, 3, 4, 5, 6, 2.0, 7.0, 60.0)


def test_a_limit_of_zero_is_none() -> None:
    """Istio takes 0 for silence."""
    assert traffic("{connectionPool: {tcp: {maxConnections: 0}, http: {maxRetries: 0}}}").pool == Pool()


def test_an_old_count_of_errors_is_not_read() -> None:
    """The field consecutiveErrors says nothing to istiod, and nothing here."""
    assert traffic("{outlierDetection: {consecutiveErrors: 100}}").outliers == Outliers()


def test_a_limit_of_zero_errors_is_one() -> None:
    """A consecutive5xxErrors of 0 switches that count off, which silence does not."""
    outliers = traffic("{outlierDetection: {consecutive5xxErrors: 0}}").outliers
    assert outliers is not None
    assert outliers.consecutive_5xx == 0


@pytest.mark.parametrize(
    ("text", "algorithm", "size"),
    [
        ("simple: ROUND_ROBIN", Algorithm.ROUND_ROBIN, None),
        ("simple: LEAST_CONN", Algorithm.LEAST_REQUEST, None),
        ("simple: UNSPECIFIED", Algorithm.LEAST_REQUEST, None),
        ("consistentHash: {httpHeaderName: a}", Algorithm.RING_HASH, 1024),
        ("consistentHash: {httpHeaderName: a, minimumRingSize: 9}", Algorithm.RING_HASH, 9),
        ("consistentHash: {httpHeaderName: a, ringHash: {}}", Algorithm.RING_HASH, None),
        ("consistentHash: {httpHeaderName: a, maglev: {tableSize: 7}}", Algorithm.MAGLEV, 7),
    ],
)
def test_load_balancing_is_read(text: str, algorithm: Algorithm, size: int | None) -> None:
    """With Istio's defaults where the rule is silent."""
    balancer = traffic(f"{{loadBalancer: {{{text}}}}}").balancer
    assert balancer is not None
    assert (balancer.algorithm, balancer.size) == (algorithm, size)


@pytest.mark.parametrize(
    ("fields", "share"),
    [
        ("mirror: {host: NAME}", 1.0),
        ("mirror: {host: NAME}, mirrorPercentage: {value: 12.5}", 0.125),
        ("mirror: {host: NAME}, mirror_percent: 30", 0.3),
        ("mirror: {host: NAME}, mirrorPercent: 30", 0.3),
        ("mirrors: [{destination: {host: NAME}, percentage: {value: 5}}]", 0.05),
        ("mirrors: [{destination: {host: NAME}}]", 1.0),
    ],
)
def test_a_mirror_is_read_in_every_spelling(fields: str, share: float) -> None:
    """Old and new fields mean the same."""
    [mirror] = forward(fields).mirrors
    assert mirror.destination == Destination(IRIS)
    assert mirror.share == pytest.approx(share)


def test_a_mirror_of_nothing_is_none() -> None:
    """0 % switches the mirror off."""
    assert forward("mirror: {host: NAME}, mirrorPercentage: {value: 0}").mirrors == ()


def test_conditions_of_retries_are_told_from_statuses() -> None:
    """Numbers in retryOn are statuses."""
    retries = forward("retries: {attempts: 3, perTryTimeout: 2s, retryOn: 'reset, 503,5xx'}").retries
    assert retries is not None
    assert (retries.attempts, retries.per_try_timeout_s, retries.on, retries.statuses) == (
        3,
        2.0,
        ("reset", "5xx"),
        (503,),
    )


def test_a_star_is_presence() -> None:
    """The regular expression * is istiod's word for a header that is there."""
    rules = (
        "VirtualService\nhosts: [NAME]\nhttp: [{match: [{headers: {a: {regex: '*'}}}], directResponse: {status: 200}}]"
    )
    [route] = policy(rules).of(IRIS).routes or ()
    assert route.matches[0].headers[0].match == StringMatch(Kind.PRESENT)


def test_a_rule_of_another_namespace_is_for_other_clients() -> None:
    """A DestinationRule outside the Service's namespace holds only for clients of its own."""
    rule = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: iris, namespace: lab}\n"
    rule += f"spec: {{host: {IRIS.full}, trafficPolicy: {{loadBalancer: {{simple: RANDOM}}}}}}\n"
    documents = parse(f"{manifests({'iris': Stack()})}---\n{rule}", "stack.yaml")
    assert read(documents).of(IRIS).traffic.balancer is None
    assert read(documents, namespace="lab").of(IRIS).traffic.balancer is not None


def test_the_policy_names_the_rules_that_act() -> None:
    """What was read can be listed."""
    found = policy("DestinationRule\nhost: NAME\n---\nVirtualService\nhosts: [NAME]\nhttp: [{redirect: {uri: /}}]")
    assert found.rules == ("DestinationRule mesh/iris", "VirtualService mesh/iris")


WHOLE = Traffic(Pool(max_connections=1), Outliers())
PORT = Traffic(Pool(max_connections=2))
OWN = Traffic(Pool(max_connections=3))
OWN_PORT = Traffic(None, Outliers(consecutive_5xx=3))


@pytest.mark.parametrize(
    ("port", "subset", "holds"),
    [
        (8000, "", WHOLE),
        (9000, "", PORT),
        (8000, "plain", WHOLE),
        (8000, "own", Traffic(OWN.pool, WHOLE.outliers)),
        (9000, "own", OWN_PORT),
        (9000, "plain", PORT),
    ],
)
def test_what_holds_for_a_connection_follows_istios_precedence(port: int, subset: str, holds: Traffic) -> None:
    """A subset adds to the destination field by field; settings of a port replace all others."""
    subsets = (Subset("plain"), Subset("own", traffic=OWN, ports={9000: OWN_PORT}))
    assert Ruling(IRIS, WHOLE, {9000: PORT}, subsets).effective(port, subset) == holds


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Mirror(Destination(IRIS), 1.5),
        lambda: Pool(max_connections=-1),
        lambda: Forward(()),
        lambda: HashKey(HashSource.HEADER),
        lambda: HashKey(HashSource.ADDRESS, "a"),
        lambda: StringMatch(Kind.PRESENT, "a"),
        lambda: Rejection(status=200),
        lambda: Address("127.0.0.1", 0),
        lambda: Sidecar((), admin=Address("10.0.0.1", 15000)),
        lambda: Sidecar(tuple(Outlet(IRIS, port, Address("127.0.0.1", 80)) for port in (1, 2))),
        lambda: render(Policy(), Sidecar(()), to="haproxy"),
        lambda: access_record("{}"),
        lambda: access_record("text"),
    ],
)
def test_a_value_that_makes_no_sense_cannot_be_built(wrong: object) -> None:
    """The constructor says what is wrong and what to give instead."""
    assert callable(wrong)
    with pytest.raises(UsageError) as raised:
        wrong()
    assert raised.value.mend


ACCEPTED = [
    "a",
    "[a-z]+",
    "(?i)a",
    "a(?i)b",
    r"\d+\.",
    "(?P<n>a)",
    "[[:alpha:]]x",
    r"\pN",
    "a{1,1000}",
    "(?:a|b)*?",
    r"\Qa\E",
]
REFUSED = ["(", "[", "*", "(?!a)", "(?<=a)b", r"(a)\1", "(?>a)", "a*+", "a{1001}", "(?P=n)", "\\", "a{2}{", "x{5,2}"]


def matched(patterns: list[str]) -> str:
    """Return an Envoy configuration with a route for each regular expression."""
    routes = tuple(Route(Answer(200), (Match(StringMatch(Kind.REGEX, pattern)),)) for pattern in patterns)
    ruling = Ruling(IRIS, routes=routes)
    return static_file(Policy((ruling,)), Sidecar((Outlet(IRIS, 8000, Address("127.0.0.1", 18000)),)))


def test_envoy_takes_every_expression_without_a_complaint(tmp_path: Path) -> None:
    """What the checker lets through, the real RE2 reads."""
    assert [complaint(pattern) for pattern in ACCEPTED] == [""] * len(ACCEPTED)
    assert envoy_says(matched(ACCEPTED), tmp_path) == ""


@pytest.mark.parametrize("pattern", REFUSED)
def test_the_checker_agrees_with_envoy_about_a_bad_expression(pattern: str, tmp_path: Path) -> None:
    """What the real RE2 refuses gets a complaint, and the other way round."""
    assert bool(envoy_says(matched([pattern]), tmp_path)) is bool(complaint(pattern))


STACKS = [
    document.body
    for file in ("everything", "http_route", "online_ab")
    for document in read_files([Path(__file__).parent / "golden" / "manifests" / f"{file}.yaml"])
]
RULED = [i for i, body in enumerate(STACKS) if body["kind"] in ("DestinationRule", "VirtualService", "HTTPRoute")]
VALUES: st.SearchStrategy[object] = st.sampled_from(
    [None, "x", "", "1s", "$a", '"\\;}', True, 0, 7, 1.5, [], {}, [None], [{}], ["x"], {"name": "x"}, {"exact": "a b"}]
)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_any_values_in_any_fields_can_be_read_and_rendered(data: st.DataObject) -> None:
    """Whatever stands wherever in a rule, reading and rendering make something of it."""
    documents = list[object](STACKS)
    i = data.draw(st.sampled_from(RULED))
    path = data.draw(st.sampled_from([place for place in places(STACKS[i]) if place[0] == "spec"]))
    documents[i] = changed(documents[i], path, data.draw(VALUES))
    parsed = parse("\n---\n".join(map(json.dumps, documents)), "f")
    found = read(parsed)
    outlets = tuple(Outlet(ruling.host, 8000, Address("127.0.0.1", 9000 + n)) for n, ruling in enumerate(found.rulings))
    for to in RENDERERS:
        assert render(found, Sidecar(outlets), to=to).text


def test_a_layout_has_an_address_for_every_port_and_replica() -> None:
    """Services and replicas get loopback addresses of their own, at their declared ports."""
    reading = topology(read_files([Path(__file__).parent / "golden" / "manifests" / "online_ab.yaml"]))
    [outlet] = layout(reading.topology).outlets
    assert outlet.listen == Address("127.1.1.1", 8000)
    assert [str(entry.address) for entry in outlet.endpoints] == [
        "127.1.1.10:8000",
        "127.1.1.11:8000",
        "127.1.1.12:8000",
    ]


def test_actions_of_a_route_are_told_apart() -> None:
    """A redirect and an answer are no forwards."""
    rules = "VirtualService\nhosts: [NAME]\nhttp: [{match: [{uri: {exact: /a}}], redirect: {uri: /b}}, "
    rules += "{directResponse: {status: 503}}]"
    routes = policy(rules).of(IRIS).routes or ()
    assert [type(route.action) for route in routes] == [Redirect, Answer]
