"""A web server, or a bucket's public address, as a model store."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

from gonogo_services.errors import SettingsError, StoreError

__all__ = ["WebStore"]

_CHUNK_BYTES = 1 << 16
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500


class WebStore:
    """Models under an ``http://`` or ``https://`` prefix: the model's address is ``PREFIX/NAME``.

    Args:
        prefix: the address, without user, query or fragment.
        timeout_s: seconds that connecting, and then each wait for bytes, may take.

    Raises:
        SettingsError: the prefix is no such address.
    """

    def __init__(self, prefix: str, timeout_s: float = 10.0) -> None:
        parts = urlsplit(prefix)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsError("MODEL_STORE is no web address; write http://host:port/folder")
        if "@" in parts.netloc or parts.query or parts.fragment:
            # Not quoted: it may be a password or a signature.
            raise SettingsError("MODEL_STORE has a user, a query or a fragment; write http://host:port/folder only")
        self._prefix = prefix.rstrip("/")
        self._timeout_s = timeout_s

    def source(self, name: str) -> str:
        """Return the model's address."""
        return f"{self._prefix}/{quote(name)}"

    def chunks(self, name: str) -> Iterator[bytes]:
        """Give the body of the answer to a GET."""
        address = self.source(name)
        try:
            # The scheme is http or https: the constructor saw to it.
            with urllib.request.urlopen(address, timeout=self._timeout_s) as answer:  # noqa: S310
                announced = answer.headers.get("Content-Length", "")
                size = 0
                while chunk := answer.read1(_CHUNK_BYTES):
                    size += len(chunk)
                    yield chunk
        except urllib.error.HTTPError as error:
            error.close()
            transient = error.code == _TOO_MANY_REQUESTS or error.code >= _SERVER_ERROR
            raise StoreError(f"the server answered {error.code} {error.reason}", transient=transient) from error
        except urllib.error.URLError as error:
            raise StoreError(f"{error.reason}", transient=True) from error
        except (OSError, http.client.HTTPException) as error:
            raise StoreError(f"{error}" or type(error).__name__, transient=True) from error
        if announced.isdecimal() and size != int(announced):
            raise StoreError(f"the answer ended after {size} of {announced} bytes", transient=True)
