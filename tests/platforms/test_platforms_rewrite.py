"""Names of Services, the Pod's own host and mount paths are rewritten as whole tokens, and nothing else is."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.platforms.process.rewrite import POD_HOSTS, Rewriter, names_a_host

POD = "127.9.1.1"
IRIS = "127.9.0.1"
MYSQL = "127.9.0.2"
IRIS_NAMES = ("iris", "iris.shop", "iris.shop.svc", "iris.shop.svc.cluster.local")
REWRITER = Rewriter(
    hosts={**dict.fromkeys(POD_HOSTS, POD), **dict.fromkeys(IRIS_NAMES, IRIS), "mysql": MYSQL},
    hinted=frozenset({"iris", "iris.shop", "mysql"}),
    paths={"/models": "/w/models", "/models/cache": "/w/cache", "/etc/app/app.yaml": "/w/config/app.yaml"},
)
SAFE = st.text(alphabet="XYZ789_-+ ", max_size=12)
HOST_CHARACTERS = string.ascii_letters + string.digits + "_-"


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ("http://iris:8000/predict", "X", f"http://{IRIS}:8000/predict"),
        ("http://iris/predict", "X", f"http://{IRIS}/predict"),
        ("http://iris.shop.svc.cluster.local", "X", f"http://{IRIS}"),
        ("iris:8000", "X", f"{IRIS}:8000"),
        ("iris.shop.svc", "X", IRIS),
        ("iris.shop.svc.", "X", f"{IRIS}."),
        ("mysql", "MYSQL_SERVER", MYSQL),
        ("mysql+pymysql://user:secret@mysql:3306/iris", "X", f"mysql+pymysql://user:secret@{MYSQL}:3306/iris"),
        ("iris,mysql", "HOSTS", f"{IRIS},{MYSQL}"),
        ("http://iris:8000 http://mysql", "X", f"http://{IRIS}:8000 http://{MYSQL}"),
        ("iris:${PORT}", "X", f"{IRIS}:${{PORT}}"),
        ("--db-host=mysql", "", f"--db-host={MYSQL}"),
        ("mysql", "--db-host", MYSQL),
        ('{"host": "mysql", "model": "iris"}', "", f'{{"host": "{MYSQL}", "model": "iris"}}'),
        ("host: mysql\nname: mysql\n", "", f"host: {MYSQL}\nname: mysql\n"),
        ("server iris:8000;", "", f"server {IRIS}:8000;"),
        ("0.0.0.0", "--host", POD),  # noqa: S104 - text
        ("--bind=0.0.0.0:8000", "", f"--bind={POD}:8000"),
        ("[::]:8000", "--bind", f"{POD}:8000"),
        ("::", "--host", POD),
        ("http://localhost:9000/x", "X", f"http://{POD}:9000/x"),
        ("uvicorn app:app --host 127.0.0.1", "", f"uvicorn app:app --host {POD}"),
        ("/models/iris_svc.onnx", "MODEL_FILEPATH", "/w/models/iris_svc.onnx"),
        ("/models", "X", "/w/models"),
        ("/models/cache/x", "X", "/w/cache/x"),
        ("/models/cached", "X", "/w/models/cached"),
        ("file:///models/x", "X", "file:///w/models/x"),
        ("--path=/models/x:/etc/app/app.yaml", "", "--path=/w/models/x:/w/config/app.yaml"),
    ],
)
def test_what_is_meant_is_rewritten(text: str, key: str, expected: str) -> None:
    """Hosts with a port, in URLs, by full name or under a key that names a host; paths below a mount."""
    assert REWRITER.apply(text, key).text == expected


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("iris_svc.onnx", "MODEL"),
        ("iris-svc:8000", "HOST"),
        ("my-iris:8000", "HOST"),
        ("iris.onnx", "HOST"),
        ("iris", "MODE"),
        ("iris.shop", "MODULE"),
        ("iris:latest", "IMAGE"),
        ("iris:1.2", "IMAGE"),
        ("data/iris", "HOST"),
        ("iris/data", "HOST"),
        ("http://example.com/iris", "URL"),
        ("http://iris@example.com/", "URL"),
        ("http://iris:pass@example.com/", "URL"),
        ("0.0.0.0/0", "ALLOW"),
        ("10.0.0.0", "HOST"),
        ("/models-old/x", "X"),
        ("/data/models/x", "X"),
        ("http://example.com/models/x", "URL"),
        ("${ROOT}/models/x", "X"),
        ("gs://bucket/models", "X"),
    ],
)
def test_what_only_looks_like_it_is_left(text: str, key: str) -> None:
    """Parts of words, paths and URLs, users, images and networks are no hosts; other folders are no mounts."""
    assert REWRITER.apply(text, key).text == text


def test_a_name_that_stands_alone_is_told_as_left() -> None:
    """MODE=iris may mean a model or a Service: it is left, and the result says which name was."""
    assert REWRITER.apply("iris", "MODE").left == {"iris"}


def test_the_names_that_were_replaced_are_told() -> None:
    """Whoever needs to know which Services a container calls learns it from the result."""
    assert REWRITER.apply("http://iris.shop:8000 mysql:3306").hosts == {"iris.shop", "mysql"}


@pytest.mark.parametrize("key", ["MYSQL_SERVER", "--db-host", "baseUrl", "upstreams", "SERVICE_IRIS", "BROKER_URL"])
def test_keys_that_name_hosts(key: str) -> None:
    """A word for a host anywhere in the key counts."""
    assert names_a_host(key)


@pytest.mark.parametrize("key", ["MODE", "MODEL", "DATASET", "ghost", "-c", ""])
def test_keys_that_do_not(key: str) -> None:
    """A host inside another word does not count."""
    assert not names_a_host(key)


@given(st.text(alphabet=st.characters(blacklist_characters="ilm0:/["), max_size=60), st.text(max_size=10))
def test_text_without_tokens_stays(text: str, key: str) -> None:
    """Without the first letter of any token nothing can be replaced."""
    assert REWRITER.apply(text, key).text == text


@given(st.sampled_from(IRIS_NAMES), st.text(alphabet=HOST_CHARACTERS, min_size=1), st.booleans())
def test_a_token_inside_a_longer_word_stays(name: str, more: str, before: bool) -> None:  # noqa: FBT001 - drawn
    """Whatever host character stands beside a name makes it another name."""
    word = more + name if before else name + more
    assert REWRITER.apply(f"http://{word}:8000/", "HOST").text == f"http://{word}:8000/"


@given(st.lists(st.tuples(SAFE, st.sampled_from(IRIS_NAMES), st.sampled_from(["", ":80", ":8000"]), SAFE), max_size=6))
def test_every_url_is_rewritten_and_the_rest_untouched(parts: list[tuple[str, str, str, str]]) -> None:
    """In a text of several URLs each authority is replaced once, and everything between them stays."""
    text = "".join(f"{before} http://{name}{port}/{after} " for before, name, port, after in parts)
    expected = "".join(f"{before} http://{IRIS}{port}/{after} " for before, _, port, after in parts)
    assert REWRITER.apply(text).text == expected


@given(st.from_regex(r"[a-z0-9_]{1,8}(/[a-z0-9_]{1,8}){0,3}", fullmatch=True))
def test_the_longest_mount_wins(below: str) -> None:
    """A path below a mount inside a mount belongs to the inner one."""
    assert REWRITER.apply(f"/models/cache/{below}", "X").text == f"/w/cache/{below}"


@given(st.sampled_from(["iris:1", "mysql:2", "0.0.0.0:3", "/models/x"]))
def test_what_was_put_in_is_not_rewritten_again(text: str) -> None:
    """A replacement that looks like a token stays."""
    mirror = Rewriter(
        hosts={"iris": "mysql", "mysql": "iris", "0.0.0.0": "localhost", "localhost": "0.0.0.0"},  # noqa: S104 - text
        paths={"/models": "/models/models"},
    )
    swapped = {"iris:1": "mysql:1", "mysql:2": "iris:2", "0.0.0.0:3": "localhost:3", "/models/x": "/models/models/x"}
    assert mirror.apply(text).text == swapped[text]
