"""A bucket of Amazon S3, or of a server that speaks its protocol, as a model store."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from gonogo_services.environment import Environment
from gonogo_services.errors import SettingsError
from gonogo_services.model_store.bucket import Bucket, Endpoint
from gonogo_services.model_store.download import download
from gonogo_services.model_store.sigv4 import Credentials, signed_headers

__all__ = ["S3Store"]

_REGION: Final = re.compile(r"[a-z0-9-]{1,64}")
_HEADER_TEXT: Final = re.compile(r"[!-~]*")


class S3Store:
    """Models under ``s3://bucket/prefix``: the object of a model is ``prefix/NAME``.

    The server is that of ``AWS_ENDPOINT_URL_S3`` or ``AWS_ENDPOINT_URL``, else Amazon's in the region of
    ``AWS_REGION`` or ``AWS_DEFAULT_REGION``. Requests are signed with ``AWS_ACCESS_KEY_ID``,
    ``AWS_SECRET_ACCESS_KEY`` and ``AWS_SESSION_TOKEN``; without the first two they are anonymous.

    Args:
        location: ``s3://bucket/prefix``.
        values: environment variables.
        now: tells the time in UTC, which a signature has.

    Raises:
        SettingsError: the address or a variable cannot be used.
    """

    def __init__(
        self,
        location: str,
        values: Mapping[str, str] = os.environ,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        environment = Environment(values)
        self._bucket = Bucket.parse(location)
        self._credentials = _credentials(environment)
        self._region = environment.text("AWS_REGION", "") or environment.text("AWS_DEFAULT_REGION", "") or "us-east-1"
        if not _REGION.fullmatch(self._region):
            raise SettingsError(f"AWS_REGION={self._region!r} is no region; use one such as eu-central-1")
        self._endpoint = _endpoint(environment, self._region, self._bucket.name)
        self._now = now

    def source(self, name: str) -> str:
        """Return the model's address in the bucket."""
        return f"{self._bucket}/{name}"

    def chunks(self, name: str) -> Iterator[bytes]:
        """Give the object's content."""
        endpoint, path = self._endpoint, f"{self._endpoint.path}{self._bucket.path(name)}"
        headers = None
        if self._credentials:
            headers = signed_headers(endpoint.host, path, self._credentials, region=self._region, at=self._now())
        return download(f"{endpoint.scheme}://{endpoint.host}{path}", headers)


def _credentials(environment: Environment) -> Credentials | None:
    key_id, secret = environment.text("AWS_ACCESS_KEY_ID", ""), environment.text("AWS_SECRET_ACCESS_KEY", "")
    token = environment.text("AWS_SESSION_TOKEN", "")
    if bool(key_id) != bool(secret):
        missing = "AWS_SECRET_ACCESS_KEY" if key_id else "AWS_ACCESS_KEY_ID"
        raise SettingsError(f"{missing} is not set; set both halves of the access key, or none to ask anonymously")
    if not _HEADER_TEXT.fullmatch(key_id + token):
        raise SettingsError("AWS_ACCESS_KEY_ID or AWS_SESSION_TOKEN has characters that no header can have")
    return Credentials(key_id, secret, token) if key_id else None


def _endpoint(environment: Environment, region: str, bucket: str) -> Endpoint:
    for variable in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"):
        if address := environment.text(variable, ""):
            endpoint = Endpoint.parse(address, variable)
            return Endpoint(endpoint.scheme, endpoint.host, f"{endpoint.path}/{bucket}")
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    if "." in bucket:  # Amazon's certificate is for one name before its own
        return Endpoint("https", f"s3.{region}.{suffix}", f"/{bucket}")
    return Endpoint("https", f"{bucket}.s3.{region}.{suffix}")
