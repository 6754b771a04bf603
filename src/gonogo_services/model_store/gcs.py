"""A bucket of Google Cloud Storage, or of a server that speaks its XML interface, as a model store."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Final

from gonogo_services.environment import Environment
from gonogo_services.errors import SettingsError
from gonogo_services.model_store.bucket import Bucket, Endpoint
from gonogo_services.model_store.download import download

__all__ = ["GcsStore"]

_ENDPOINT: Final = "STORAGE_EMULATOR_HOST"
_TOKEN: Final = "GOOGLE_OAUTH_ACCESS_TOKEN"  # noqa: S105 - the variable's name
_BEARER: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750 section 2.1


class GcsStore:
    """Models under ``gs://bucket/prefix``: the object of a model is ``prefix/NAME``.

    The server is that of ``STORAGE_EMULATOR_HOST``, else Google's. Requests carry the access token in
    ``GOOGLE_OAUTH_ACCESS_TOKEN``; without one they are anonymous.

    Args:
        location: ``gs://bucket/prefix``.
        values: environment variables.

    Raises:
        SettingsError: the address or a variable cannot be used, or the token would be sent in the clear.
    """

    def __init__(self, location: str, values: Mapping[str, str] = os.environ) -> None:
        environment = Environment(values)
        self._bucket = Bucket.parse(location)
        address = environment.text(_ENDPOINT, "") or "https://storage.googleapis.com"
        self._endpoint = Endpoint.parse(address if "://" in address else f"http://{address}", _ENDPOINT)
        self._token = environment.text(_TOKEN, "")
        if self._token and not _BEARER.fullmatch(self._token):
            raise SettingsError(f"{_TOKEN} is no access token; set what gcloud auth print-access-token prints")
        if self._token and not self._endpoint.confidential:
            raise SettingsError(f"{_ENDPOINT} is http:// to another machine, which would show {_TOKEN}; use https://")

    def source(self, name: str) -> str:
        """Return the model's address in the bucket."""
        return f"{self._bucket}/{name}"

    def chunks(self, name: str) -> Iterator[bytes]:
        """Give the object's content."""
        endpoint = self._endpoint
        address = f"{endpoint.scheme}://{endpoint.host}{endpoint.path}/{self._bucket.name}{self._bucket.path(name)}"
        return download(address, {"Authorization": f"Bearer {self._token}"} if self._token else None)
