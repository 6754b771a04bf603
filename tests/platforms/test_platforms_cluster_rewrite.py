"""What of a manifest is changed before it reaches the API server, and what is not."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.platforms.cluster import names
from gonogo.platforms.cluster.rewrite import Rewriter

SPACES = {"shop": "shop-gonogo-1", "lab": "lab-gonogo-1"}
REWRITER = Rewriter(SPACES, [("shop", "iris"), ("shop", "iris-svc"), ("lab", "proxy")], {"acme/*": "reg.test/acme/*"})


@pytest.mark.parametrize(
    ("written", "applied"),
    [
        ("iris.shop", "iris.shop-gonogo-1"),
        ("iris.shop:8000", "iris.shop-gonogo-1:8000"),
        ("http://iris-svc.shop.svc.cluster.local:8000/x", "http://iris-svc.shop-gonogo-1.svc.cluster.local:8000/x"),
        ("a=iris.shop.svc,b=proxy.lab.svc", "a=iris.shop-gonogo-1.svc,b=proxy.lab-gonogo-1.svc"),
        ("--to iris.shop.", "--to iris.shop-gonogo-1."),
    ],
)
def test_the_dns_names_of_declared_services_follow(written: str, applied: str) -> None:
    """Short and full names move to the session's namespace, wherever they stand in a text."""
    assert REWRITER.text(written) == applied


@pytest.mark.parametrize(
    "text",
    [
        "iris",
        "iris:8000",
        "iris.shop.example.com",
        "my.iris.shop",
        "iris.shopping",
        "other.shop.svc",
        "shop",
        "/iris.shop.txt",
    ],
)
def test_other_texts_stay(text: str) -> None:
    """A short name works in the namespace as it is; names of no declared Service are not touched."""
    assert REWRITER.text(text) == text


def test_only_namespace_images_and_hosts_change() -> None:
    """Labels, names and everything else reach the API server as they are written."""
    written = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "iris.shop", "namespace": "shop", "labels": {"to": "iris.shop"}, "uid": "1"},
        "spec": {
            "selector": {"matchLabels": {"to": "iris.shop"}},
            "template": {
                "metadata": {"labels": {"to": "iris.shop"}},
                "spec": {
                    "containers": [{"name": "a", "image": "acme/a:1", "env": [{"name": "U", "value": "iris.shop"}]}]
                },
            },
        },
        "status": {"replicas": 1},
    }
    labels = {"to": "iris.shop"}
    container = {"name": "a", "image": "reg.test/acme/a:1", "env": [{"name": "U", "value": "iris.shop-gonogo-1"}]}
    assert REWRITER.body(written, namespaced=True) == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "iris.shop", "namespace": "shop-gonogo-1", "labels": labels},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


@pytest.mark.parametrize(
    ("replacement", "image"), [("reg.test/mysql:*", "reg.test/mysql:8.4"), ("shop/database:1", "shop/database:1")]
)
def test_an_image_keeps_what_the_star_stands_for(replacement: str, image: str) -> None:
    """Where both sides have one; a replacement without it is the whole name."""
    assert Rewriter({}, [], {"mysql:*": replacement}).image("mysql:8.4") == image


def test_references_to_namespaces_follow() -> None:
    """A backend of a route and a selector of namespaces name a namespace each."""
    written = {
        "kind": "HTTPRoute",
        "metadata": {"name": "r", "namespace": "lab"},
        "spec": {
            "backendRefs": [{"name": "iris", "namespace": "shop"}],
            "from": {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}},
        },
    }
    spec = REWRITER.body(written, namespaced=True)["spec"]
    assert spec["backendRefs"] == [{"name": "iris", "namespace": "shop-gonogo-1"}]
    assert spec["from"] == {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop-gonogo-1"}}}


def test_hosts_in_secrets_follow() -> None:
    """A Secret's base64 is read; what does not change, or is no text, stays to the letter."""
    url, binary = base64.b64encode(b"http://iris.shop/").decode(), base64.b64encode(b"\xff\x00").decode()
    written = {"kind": "Secret", "metadata": {"name": "s", "namespace": "shop"}, "data": {"url": url, "key": binary}}
    data = REWRITER.body(written, namespaced=True)["data"]
    assert base64.b64decode(data["url"]) == b"http://iris.shop-gonogo-1/"
    assert data["key"] == binary


def test_an_object_without_namespace_goes_to_that_of_default() -> None:
    """The manifest means the namespace ``default``, which the session has one for as well."""
    rewriter = Rewriter({"default": "default-gonogo-1"}, [], {})
    body = rewriter.body({"kind": "Service", "metadata": {"name": "a"}}, namespaced=True)
    assert body["metadata"]["namespace"] == "default-gonogo-1"


@given(st.text(alphabet="abc.-/: ", max_size=40))
def test_without_services_no_text_changes(text: str) -> None:
    """Nothing is guessed."""
    assert Rewriter(SPACES, [], {}).text(text) == text


@given(st.from_regex(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True))
def test_every_namespace_gets_a_name_that_kubernetes_takes(declared: str) -> None:
    """At most 63 characters, beginning and ending as RFC 1123 wants, and the session in it."""
    made = names.namespaces([declared], "0a1b2c3d")[declared]
    assert len(made) <= 63
    assert made.endswith("-gonogo-0a1b2c3d")
    assert made[0].isalnum()


def test_long_namespaces_stay_apart() -> None:
    """Two that begin alike do not become one by being cut."""
    made = names.namespaces(["n" * 62 + "a", "n" * 62 + "b"], names.new_session())
    assert len(set(made.values())) == 2
