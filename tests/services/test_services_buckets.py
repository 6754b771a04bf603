"""Buckets are model stores: asked with valid signatures or tokens, or anonymously, and no secret is ever shown."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest
from awscrt import auth
from awscrt.http import HttpHeaders, HttpRequest

from fixtures.patience import PATIENCE_S
from gonogo_services.errors import SettingsError, StoreError
from gonogo_services.model_store.bucket import Bucket, Endpoint
from gonogo_services.model_store.gcs import GcsStore
from gonogo_services.model_store.registry import open_store
from gonogo_services.model_store.s3 import S3Store
from gonogo_services.model_store.sigv4 import Credentials, signed_headers
from gonogo_services.model_store.store import Store

CONTENT = b"a model" * 1000
KEY_ID, SECRET, SESSION, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG", "session//token==", "ya29.token"
SECRETS = (SECRET, SESSION, TOKEN)
REGION = "eu-central-1"
OBJECTS = {
    "/models/iris/iris_svc.onnx": CONTENT,
    "/models/a b/ü+(1)~.onnx": CONTENT,
    "/public/iris_svc.onnx": CONTENT,
    "/front/models/iris_svc.onnx": CONTENT,
}


def _signature_holds(request: BaseHTTPRequestHandler) -> bool:
    """Whether Amazon's own library, given the same secret, signs the request as it is signed."""
    given = dict(part.strip().split("=", 1) for part in request.headers["Authorization"].split(" ", 1)[1].split(","))
    key_id, _, region, _, _ = given["Credential"].split("/")
    signed = given["SignedHeaders"].split(";")
    added = {"x-amz-date", "x-amz-content-sha256", "x-amz-security-token"}  # by the library itself
    headers = HttpHeaders([(name, request.headers[name]) for name in signed if name not in added])
    settings = auth.AwsSigningConfig(
        algorithm=auth.AwsSigningAlgorithm.V4,
        signature_type=auth.AwsSignatureType.HTTP_REQUEST_HEADERS,
        credentials_provider=auth.AwsCredentialsProvider.new_static(
            key_id, SECRET, SESSION if "x-amz-security-token" in signed else None
        ),
        region=REGION,
        service="s3",
        date=datetime.strptime(request.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC),
        use_double_uri_encode=False,
        should_normalize_uri_path=False,
        signed_body_value=auth.AwsSignedBodyValue.EMPTY_SHA256,
        signed_body_header_type=auth.AwsSignedBodyHeaderType.X_AMZ_CONTENT_SHA_256,
    )
    again = auth.aws_sign_request(HttpRequest("GET", request.path, headers), settings).result(PATIENCE_S)
    expected = next(value for name, value in again.headers if name == "Authorization")
    return region == REGION and bool(expected.endswith(f"Signature={given['Signature']}"))


class Buckets(BaseHTTPRequestHandler):
    """Speaks as much of S3 and of Cloud Storage's XML interface as a GET needs."""

    def do_GET(self) -> None:
        """Answer one request."""
        path, authorization = unquote(self.path), self.headers.get("Authorization", "")
        if path.startswith("/moved/"):
            self._answer(307, b"<Error><Code>TemporaryRedirect</Code></Error>", Location=f"/public/{path[7:]}")
        elif path.startswith("/elsewhere/"):
            headers = {"x-amz-bucket-region": "ap-south-1", "Location": "/public/iris_svc.onnx"}
            self._answer(301, b"<Error><Code>PermanentRedirect</Code></Error>", **headers)
        elif authorization.startswith("AWS4-HMAC-SHA256 ") and not _signature_holds(self):
            # As S3 does, with what was signed.
            self._answer(403, f"<Error><Code>SignatureDoesNotMatch</Code><Token>{SESSION}</Token></Error>".encode())
        elif authorization.startswith("Bearer ") and authorization != f"Bearer {TOKEN}":
            self._answer(401, b"<Error><Code>AuthenticationRequired</Code></Error>")
        elif not authorization and not path.startswith("/public/"):
            self._answer(403, b"<Error><Code>AccessDenied</Code></Error>")
        elif path in OBJECTS:
            self._answer(200, OBJECTS[path])
        else:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        """Say nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server with buckets on loopback: its address."""
    with pytest.MonkeyPatch.context() as patch, ThreadingHTTPServer(("127.0.0.1", 0), Buckets) as served:
        patch.setenv("no_proxy", "127.0.0.1")
        thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{served.server_port}"
        served.shutdown()
        thread.join()


def _s3(location: str, server: str, **values: str) -> S3Store:
    signed = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": REGION}
    return S3Store(location, {"AWS_ENDPOINT_URL_S3": server, **signed, **values})


def _gs(location: str, server: str, token: str = TOKEN) -> GcsStore:
    return GcsStore(location, {"STORAGE_EMULATOR_HOST": server, "GOOGLE_OAUTH_ACCESS_TOKEN": token})


def _anonymous(location: str, server: str) -> Store:
    if location.startswith("s3:"):
        return S3Store(location, {"AWS_ENDPOINT_URL": server})
    return GcsStore(location, {"STORAGE_EMULATOR_HOST": server.removeprefix("http://")})


@pytest.mark.parametrize(
    ("folder", "name"),
    [("models/iris", "iris_svc.onnx"), ("models", "iris/iris_svc.onnx"), ("models/iris/", "iris_svc.onnx")],
)
@pytest.mark.parametrize("values", [{}, {"AWS_SESSION_TOKEN": SESSION}], ids=["lasting", "temporary"])
def test_a_signed_request_gets_the_model(server: str, folder: str, name: str, values: dict[str, str]) -> None:
    """With lasting and with temporary credentials, Amazon's library finds the signature to be its own."""
    assert b"".join(_s3(f"s3://{folder}", server, **values).chunks(name)) == CONTENT


@pytest.mark.parametrize("scheme", ["s3", "gs"])
def test_names_are_encoded_as_the_protocols_want(server: str, scheme: str) -> None:
    """A space, a plus, parentheses and letters beyond ASCII reach the object that has them."""
    store = _s3("s3://models", server) if scheme == "s3" else _gs("gs://models", server)
    assert b"".join(store.chunks("a b/ü+(1)~.onnx")) == CONTENT


def test_an_endpoint_may_have_a_path(server: str) -> None:
    """A server behind a path is asked and signed for there."""
    store = _s3("s3://models", f"{server}/front/")
    assert b"".join(store.chunks("iris_svc.onnx")) == CONTENT


def test_a_token_gets_the_model(server: str) -> None:
    """Cloud Storage takes the access token of the environment."""
    assert b"".join(_gs("gs://models/iris", server).chunks("iris_svc.onnx")) == CONTENT


@pytest.mark.parametrize("location", ["s3://public", "gs://public", "s3://moved", "gs://moved"])
def test_a_public_bucket_needs_no_credentials(server: str, location: str) -> None:
    """Without any, the request is anonymous; only then is a redirect followed."""
    assert b"".join(_anonymous(location, server).chunks("iris_svc.onnx")) == CONTENT


FAILURES = {
    "s3, no such model": ("s3://models", {}, r"404 Not Found \(NoSuchKey\)"),
    "s3, wrong secret": (
        "s3://models",
        {"AWS_SECRET_ACCESS_KEY": "x" * 40},
        r"403 Forbidden \(SignatureDoesNotMatch\)",
    ),
    "s3, wrong region": ("s3://models", {"AWS_REGION": "us-west-2"}, r"403 Forbidden \(SignatureDoesNotMatch\)"),
    "s3, bucket elsewhere": (
        "s3://elsewhere",
        {},
        r"301 Moved Permanently \(PermanentRedirect\); the bucket is in the region ap-south-1",
    ),
    "s3, redirect": ("s3://moved", {}, r"307 .*, a redirect that is not followed with credentials"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_an_s3_failure_says_why_and_shows_no_secret(server: str, case: str) -> None:
    """The status and S3's code are told, nothing that was signed is, and no credentials go to another address."""
    location, values, reason = FAILURES[case]
    store = _s3(location, server, AWS_SESSION_TOKEN=SESSION, **values)
    with pytest.raises(StoreError, match=f"^the server answered {reason}$") as failed:
        list(store.chunks("none.onnx"))
    assert not failed.value.transient
    assert not [secret for secret in SECRETS if secret in str(failed.value)]


@pytest.mark.parametrize(
    ("location", "token", "reason"),
    [
        ("gs://models", TOKEN, r"404 Not Found \(NoSuchKey\)"),
        ("gs://models", "ya29.old", r"401 Unauthorized \(AuthenticationRequired\)"),
        ("gs://models", "", r"403 Forbidden \(AccessDenied\)"),
        ("gs://moved", TOKEN, r"307 Temporary Redirect .*, a redirect that is not followed with credentials"),
    ],
)
def test_a_gcs_failure_says_why_and_shows_no_secret(server: str, location: str, token: str, reason: str) -> None:
    """The status and the code are told, the token is not, and it goes to no other address."""
    with pytest.raises(StoreError, match=f"^the server answered {reason}$") as failed:
        list(_gs(location, server, token).chunks("none.onnx"))
    assert not [secret for secret in (*SECRETS, "ya29") if secret in str(failed.value)]


def test_the_signature_is_that_of_the_manual() -> None:
    """The GET Object example of "Authenticating Requests: Using the Authorization Header", Amazon S3 API Reference."""
    headers = signed_headers(
        "examplebucket.s3.amazonaws.com",
        "/test.txt",
        Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        region="us-east-1",
        at=datetime(2013, 5, 24, tzinfo=UTC),
        headers={"range": "bytes=0-9"},
    )
    assert headers["authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )


def test_credentials_are_shown_without_their_secrets() -> None:
    """What a traceback or a debugger prints has the key's id only."""
    assert repr(Credentials(KEY_ID, SECRET, SESSION)) == f"Credentials(key_id={KEY_ID!r})"


@pytest.mark.parametrize(
    ("location", "region", "address"),
    [
        ("s3://models/iris", "eu-central-1", "https://models.s3.eu-central-1.amazonaws.com"),
        ("s3://models.example.org", "us-east-1", "https://s3.us-east-1.amazonaws.com/models.example.org"),
        ("s3://models", "cn-north-1", "https://models.s3.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_amazons_own_servers_are_found_by_region(location: str, region: str, address: str) -> None:
    """Without an endpoint the bucket's own host is asked, or, when its name has dots, the region's."""
    endpoint = S3Store(location, {"AWS_DEFAULT_REGION": region})._endpoint
    assert f"{endpoint.scheme}://{endpoint.host}{endpoint.path}" == address


def test_googles_own_server_is_the_default() -> None:
    """Without an emulator the public address is asked."""
    assert GcsStore("gs://models", {})._endpoint == Endpoint("https", "storage.googleapis.com")


@pytest.mark.parametrize("location", ["s3://models/iris", "gs://models/iris"])
def test_a_bucket_is_registered_and_tells_its_source(location: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The address that messages show is the one that a person wrote, with the model's name."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "GOOGLE_OAUTH_ACCESS_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    assert open_store(location).source("iris_svc.onnx") == f"{location}/iris_svc.onnx"


@pytest.mark.parametrize(
    "location",
    ["s3://", "s3:///models", "gs://Models", "gs://m", "s3://key:hunter2@models", "s3://models?hunter2", "gs://a:80"],
)
def test_a_wrong_address_is_refused_and_not_repeated(location: str) -> None:
    """What is no bucket names the variable; it may hold a secret, which stays out of the message."""
    with pytest.raises(SettingsError, match=r"^MODEL_STORE is no address of a bucket") as refused:
        Bucket.parse(location)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("values", "variable"),
    [
        ({"AWS_ACCESS_KEY_ID": KEY_ID}, "AWS_SECRET_ACCESS_KEY is not set"),
        ({"AWS_SECRET_ACCESS_KEY": SECRET}, "AWS_ACCESS_KEY_ID is not set"),
        ({"AWS_ACCESS_KEY_ID": "a\nb", "AWS_SECRET_ACCESS_KEY": SECRET}, "AWS_ACCESS_KEY_ID or AWS_SESSION_TOKEN has"),
        ({"AWS_REGION": "europe/central"}, "AWS_REGION='europe/central' is no region"),
        ({"AWS_ENDPOINT_URL_S3": "minio:9000"}, "AWS_ENDPOINT_URL_S3 is no address"),
        ({"AWS_ENDPOINT_URL": "http://user:wJalrXUtnFEMI/K7MDENG@minio"}, "AWS_ENDPOINT_URL is no address"),
        ({"AWS_ENDPOINT_URL": "http://minio:port"}, "AWS_ENDPOINT_URL is no address"),
    ],
)
def test_a_wrong_s3_setting_names_its_variable(values: dict[str, str], variable: str) -> None:
    """Half a key, a region that is none and an endpoint that is none stop the start."""
    with pytest.raises(SettingsError, match=f"^{variable}") as refused:
        S3Store("s3://models", values)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("host", "token", "variable"),
    [
        ("http://storage.example.org", TOKEN, "STORAGE_EMULATOR_HOST is http:// to another machine"),
        ("ftp://storage.example.org", "", "STORAGE_EMULATOR_HOST is no address"),
        ("", "ya29.token\r\nX: y", "GOOGLE_OAUTH_ACCESS_TOKEN is no access token"),
    ],
)
def test_a_wrong_gcs_setting_names_its_variable(host: str, token: str, variable: str) -> None:
    """A token is not sent in the clear, and has to be one."""
    with pytest.raises(SettingsError, match=f"^{variable}") as refused:
        _gs("gs://models", host, token)
    assert "ya29" not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "confidential"),
    [
        ("https://storage.example.org", True),
        ("http://127.0.0.2:4443", True),
        ("http://[::1]:4443", True),
        ("http://localhost:4443", True),
        ("http://192.0.2.1", False),
        ("http://storage.example.org", False),
        ("http://127.0.0.1.example.org", False),
    ],
)
def test_who_could_read_along_is_known(address: str, confidential: bool) -> None:  # noqa: FBT001 - a table of the test
    """TLS and this machine keep a token to themselves, everything else does not."""
    assert Endpoint.parse(address, "X").confidential is confidential


def test_the_program_fails_without_showing_a_secret(server: str, tmp_path: Path) -> None:
    """A key that is not accepted ends the init container with one line that has neither key nor token."""
    environment = {
        "MODEL_STORE": "s3://models/iris",
        "MODEL_NAME": "iris_svc.onnx",
        "MODEL_FILEPATH": str(tmp_path / "model"),
        "AWS_ENDPOINT_URL_S3": server,
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET * 2,
        "AWS_SESSION_TOKEN": SESSION,
    }
    command = [sys.executable, "-W", "error", "-m", "gonogo_services.model_store"]
    ended = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    refused = "the server answered 403 Forbidden (SignatureDoesNotMatch)"
    assert (ended.returncode, ended.stdout, ended.stderr) == (
        1,
        "",
        f"model_store: {environment['MODEL_STORE']}/iris_svc.onnx did not arrive: {refused}\n",
    )
    assert list(tmp_path.iterdir()) == []
