"""What the checker says about traffic rules, beside the examples of docs/findings.md."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.errors import GrammarError
from gonogo.manifests.check import check
from gonogo.manifests.findings import Finding, Severity
from gonogo.manifests.host import Host, resolve
from gonogo.manifests.interval import interval, percent, positive_interval
from gonogo.manifests.reader import read
from gonogo.manifests.regex import complaint
from gonogo.manifests.syntax import parse
from gonogo.manifests.traffic import not_acting
from tests.manifests.mutation import changed, places

Checked = Callable[[str], tuple[Finding, ...]]

SERVICE = """\
---
apiVersion: v1
kind: Service
metadata: {name: iris, namespace: ml}
spec: {selector: {app: iris}, ports: [{name: http, port: 8000}, {name: grpc, port: 8500}]}
---
apiVersion: v1
kind: Namespace
metadata: {name: ml}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: iris, namespace: ml}
spec:
  replicas: 3
  selector: {matchLabels: {app: iris}}
  template:
    metadata: {labels: {app: iris, version: svc}}
    spec: {containers: [{name: iris, image: 'iris:1', ports: [{containerPort: 8000}, {containerPort: 8500}]}]}
"""
CHECKED = {"readiness-missing", "resources-missing"}


def rule(kind: str, spec: str, version: str = "networking.istio.io/v1") -> str:
    """Return a rule in namespace ml, and the Service iris beside it."""
    head = f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: iris, namespace: ml}}\n"
    return f"{head}spec: {spec}\n{SERVICE}"


def virtual(route: str, more: str = "") -> str:
    """Return a VirtualService with one route, and ``more`` routes after it."""
    return rule("VirtualService", f"{{hosts: [iris], http: [{route}{more}]}}")


def told(found: tuple[Finding, ...]) -> list[tuple[str, str]]:
    """Return rules and fields of the findings about traffic."""
    return [(finding.rule, finding.field) for finding in found if finding.rule not in CHECKED]


TO = "{destination: {host: iris}}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (virtual(f"{{route: [{TO}]}}"), []),
        (rule("VirtualService", "{hosts: [iris.ml.svc.cluster.local]}"), []),
        (rule("DestinationRule", "{host: iris}"), []),
        (rule("DestinationRule", "{host: iris.ml}"), [("rule-without-service", "spec.host")]),
        (rule("DestinationRule", "{host: iris.other.svc.cluster.local}"), [("rule-without-service", "spec.host")]),
        (rule("VirtualService", "{hosts: ['*.ml']}"), [("traffic-field-unsupported", "spec.hosts[0]")]),
        (rule("VirtualService", "{hosts: [a.example], gateways: [edge]}"), [("field-not-used", "spec.gateways")]),
        (rule("VirtualService", "{hosts: [iris], gateways: [mesh]}"), []),
        (rule("VirtualService", "{hosts: [iris], tcp: [{}]}"), [("traffic-field-unsupported", "spec.tcp")]),
        (rule("VirtualService", "{hosts: [iris], exportTo: ['*']}"), []),
        (rule("VirtualService", "{hosts: [iris], exportTo: ['.']}"), [("field-not-used", "spec.exportTo")]),
        (
            virtual("{route: [{destination: {host: iris, port: {number: 9000}}}]}"),
            [("destination-unknown", "spec.http[0].route[0].destination.port")],
        ),
        (virtual(f"{{route: [{TO}], mirrors: [{{destination: {{host: rf}}}}]}}"),
         [("destination-unknown", "spec.http[0].mirrors[0].destination.host")]),
        (virtual("{route: [{destination: {host: iris}, weight: 100}]}"), []),
        (virtual("{route: [{destination: {host: iris}, weight: 0}]}"), [("weights-sum", "spec.http[0].route")]),
        (virtual(f"{{route: [{TO}, {TO}]}}"), [("weights-sum", "spec.http[0].route")]),
        (virtual("{}"), [("field-choice", "spec.http[0]")]),
        (virtual(f"{{route: [{TO}], redirect: {{uri: /}}}}"), [("field-choice", "spec.http[0].redirect")]),
        (virtual(f"{{match: [{{uri: {{exact: /, prefix: /}}}}], route: [{TO}]}}"),
         [("field-choice", "spec.http[0].match[0].uri.prefix")]),
        (virtual(f"{{match: [{{uri: {{}}}}], route: [{TO}]}}"), [("field-choice", "spec.http[0].match[0].uri")]),
        (virtual(f"{{timeout: 10, route: [{TO}]}}"), [("quantity-invalid", "spec.http[0].timeout")]),
        (virtual(f"{{mirror: {{host: iris}}, mirrorPercentage: {{value: 101}}, route: [{TO}]}}"),
         [("quantity-invalid", "spec.http[0].mirrorPercentage.value")]),
        (virtual(f"{{corsPolicy: {{allowOrigin: ['*']}}, route: [{TO}]}}"),
         [("traffic-field-unsupported", "spec.http[0].corsPolicy")]),
        (virtual(f"{{mirorr: {{host: iris}}, route: [{TO}]}}"), [("field-unknown", "spec.http[0].mirorr")]),
        (rule("DestinationRule", "{host: iris, trafficPolicy: {loadBalancer: {simple: PASSTHROUGH}}}"),
         [("traffic-field-unsupported", "spec.trafficPolicy.loadBalancer.simple")]),
        (rule("DestinationRule", "{host: iris, trafficPolicy: {loadBalancer: {consistentHash: {}}}}"),
         [("field-choice", "spec.trafficPolicy.loadBalancer.consistentHash")]),
        (rule("DestinationRule", "{host: iris, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}"),
         [("field-not-used", "spec.trafficPolicy.tls")]),
        (rule("DestinationRule", "{host: iris, trafficPolicy: {connectionPool: {http: {h2UpgradePolicy: UPGRADE}}}}"),
         [("traffic-field-unsupported", "spec.trafficPolicy.connectionPool.http.h2UpgradePolicy")]),
        (rule("DestinationRule", "{host: iris, trafficPolicy: {outlierDetection: {maxEjectionPercent: 34}}}"), []),
        (rule("DestinationRule", "{host: iris, trafficPolicy: {outlierDetection: {}}}"),
         [("ejects-none", "spec.trafficPolicy.outlierDetection.maxEjectionPercent")]),
        (rule("DestinationRule", "{host: iris, trafficPolicy: {outlierDetection: "
              "{maxEjectionPercent: 100, consecutiveErrors: 9, consecutive5xxErrors: 9}}}"),
         [("consecutive-errors-ignored", "spec.trafficPolicy.outlierDetection.consecutiveErrors")]),
        (rule("HTTPRoute", "{parentRefs: [{name: edge}]}", "gateway.networking.k8s.io/v1"),
         [("field-not-used", "spec.parentRefs[0]")]),
        (rule("HTTPRoute", "{parentRefs: [{group: '', kind: Service, name: rf}]}", "gateway.networking.k8s.io/v1"),
         [("rule-without-service", "spec.parentRefs[0]")]),
        (rule("HTTPRoute", "{parentRefs: [{group: '', kind: Service, name: iris}], rules: "
              "[{backendRefs: [{name: iris, port: 1}]}]}", "gateway.networking.k8s.io/v1"),
         [("destination-unknown", "spec.rules[0].backendRefs[0].port")]),
        (rule("HTTPRoute", "{rules: [{matches: [{path: {type: RegularExpression, value: '('}}]}]}",
              "gateway.networking.k8s.io/v1"),
         [("regex-invalid", "spec.rules[0].matches[0].path.value")]),
    ],
)  # fmt: skip
def test_a_rule_gets_the_findings_that_it_deserves(
    checked: Checked, text: str, expected: list[tuple[str, str]]
) -> None:
    """Each fault is one finding at its field, and a rule without faults gets none."""
    assert told(checked(text)) == expected


@pytest.mark.parametrize(
    ("first", "second", "shadowed"),
    [
        ("{}", "{uri: {exact: /a}}", True),
        ("{uri: {prefix: /}}", "{headers: {a: {exact: b}}}", True),
        ("{uri: {prefix: /a}}", "{uri: {prefix: /a/b}}", True),
        ("{uri: {prefix: /a}}", "{uri: {exact: /ab}, method: {exact: GET}}", True),
        ("{uri: {regex: '.*'}}", "{uri: {exact: /ab}}", True),
        ("{headers: {a: {exact: b}}}", "{headers: {a: {exact: b}, c: {exact: d}}}", True),
        ("{headers: {a: {exact: b}}, name: one}", "{headers: {a: {exact: b}}, name: two}", True),
        ("{uri: {prefix: /a/b}}", "{uri: {prefix: /a}}", False),
        ("{headers: {a: {exact: b}}}", "{headers: {a: {exact: c}}}", False),
        ("{headers: {a: {exact: b}}}", "{}", False),
        ("{uri: {prefix: /a}}", "{uri: {prefix: /a}, ignoreUriCase: true}", False),
        ("{port: 8000}", "{}", False),
    ],
)
def test_a_route_that_gets_no_request_is_an_error(checked: Checked, first: str, second: str, *, shadowed: bool) -> None:
    """Where an earlier match takes all that a later one would, the later route is dead."""
    routes = ", ".join(f"{{match: [{match}], route: [{TO}]}}" for match in (first, second))
    found = told(checked(rule("VirtualService", f"{{hosts: [iris], http: [{routes}]}}")))
    assert found == ([("route-unreachable", "spec.http[1].match[0]")] if shadowed else [])


@pytest.mark.parametrize("version", ["v1alpha3", "v1beta1"])
def test_an_old_version_is_read_with_a_notice(checked: Checked, version: str) -> None:
    """Istio serves it still, and the finding names the current one."""
    [finding] = [
        f
        for f in checked(rule("DestinationRule", "{host: iris}", f"networking.istio.io/{version}"))
        if f.rule not in CHECKED
    ]
    assert (finding.rule, finding.severity) == ("api-version-old", Severity.NOTICE)


def test_rules_can_be_told_as_not_acting() -> None:
    """Where nothing carries out traffic rules, each of them that gonogo reads is a notice."""
    documents = parse(rule("DestinationRule", "{host: iris}"), "iris.yaml")
    [finding] = not_acting(documents, "the process platform")
    assert (finding.rule, finding.severity, finding.object) == (
        "traffic-policy-unread",
        Severity.NOTICE,
        "DestinationRule ml/iris",
    )
    assert "the process platform" in finding.consequence


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("iris", Host("ml", "iris")),
        ("iris.other.svc.cluster.local", Host("other", "iris")),
        ("iris.other", None),
        ("iris.other.svc", None),
        ("*", None),
        ("", None),
        ("a.b.other.svc.cluster.local", None),
    ],
)
def test_a_name_means_the_service_that_istio_takes_it_for(text: str, host: Host | None) -> None:
    """Only names without a dot are completed."""
    assert resolve(text, "ml") == host


@pytest.mark.parametrize(("text", "seconds"), [("1s", 1), ("1m30s", 90), ("250ms", 0.25), ("0s", 0), ("1.5h", 5400)])
def test_a_duration_is_read(text: str, seconds: float) -> None:
    """Hours, minutes, seconds and milliseconds, one after the other."""
    assert interval(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["1", "10", "1d", "1 s", "-1s", "", "s", 5])
def test_what_is_no_duration_is_refused(text: str | float) -> None:
    """A number needs a unit, and a day is none of Istio's."""
    with pytest.raises(GrammarError):
        interval(text)


def test_a_positive_duration_is_at_least_a_millisecond() -> None:
    """Istio refuses shorter ones."""
    with pytest.raises(GrammarError, match="shorter than 1 ms"):
        positive_interval("0s")


@pytest.mark.parametrize("value", ["50", -1, 100.5, float("nan")])
def test_what_is_no_percentage_is_refused(value: str | float) -> None:
    """It is a number from 0 to 100."""
    with pytest.raises(GrammarError):
        percent(value)


def test_a_percentage_is_a_share() -> None:
    """12.5 % are 0.125."""
    assert percent(12.5) == 0.125


@pytest.mark.parametrize(
    "pattern",
    ["a", "[a-z]+", "(?i)a", "a(?i)b", r"\d+\.", "(?P<n>a)", "[[:alpha:]]x", r"\pN", "a{1,1000}", "(?:a|b)*?"],
)
def test_what_re2_reads_is_let_through(pattern: str) -> None:
    """No complaint about an expression that Envoy takes."""
    assert complaint(pattern) == ""


@pytest.mark.parametrize(
    "pattern",
    ["(", "[", "*", "a**b(", "(?!a)", "(?<=a)b", r"(a)\1", "(?>a)", "a*+", "a{1001}", "(?P=n)", "(?(1)a)", "\\"],
)
def test_what_re2_refuses_is_complained_of(pattern: str) -> None:
    """Envoy would not take the expression."""
    assert complaint(pattern) != ""


@given(st.text(max_size=30))
def test_any_text_is_judged_without_a_crash(pattern: str) -> None:
    """There is a complaint or none, never an exception."""
    assert isinstance(complaint(pattern), str)


GOLDEN = Path(__file__).parents[1] / "mesh" / "golden" / "manifests"
STACKS = [document.body for document in read([GOLDEN / "everything.yaml", GOLDEN / "http_route.yaml"])]
RULES = [body for body in STACKS if body["kind"] in ("DestinationRule", "VirtualService", "HTTPRoute")]
VALUES: st.SearchStrategy[object] = st.sampled_from(
    [
        None,
        "x",
        "",
        "8000",
        "1s",
        True,
        0,
        -1,
        1.5,
        10**30,
        [],
        {},
        [None],
        [{}],
        [[1]],
        ["x"],
        {"name": "x"},
        {"exact": "x"},
    ]
)


@settings(max_examples=150)
@given(data=st.data())
def test_any_values_in_any_fields_are_findings_and_no_crash(data: st.DataObject) -> None:
    """Whatever stands wherever in a rule, there are findings and never an exception."""
    documents = list[object](STACKS)
    for _ in range(data.draw(st.integers(1, 3))):
        body = data.draw(st.sampled_from(RULES))
        i = STACKS.index(body)
        path = data.draw(st.sampled_from(list(places(body))))
        documents[i] = changed(documents[i], path, data.draw(VALUES))
    for finding in check(parse("\n---\n".join(map(json.dumps, documents)), "f")):
        assert finding.mend
