"""A web server, or a bucket's public address, as a model store."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote, urlsplit

from gonogo_services.errors import SettingsError
from gonogo_services.model_store.download import TIMEOUT_S, download

__all__ = ["WebStore"]


class WebStore:
    """Models under an ``http://`` or ``https://`` prefix: the model's address is ``PREFIX/NAME``.

    Args:
        prefix: the address, without user, query or fragment.
        timeout_s: seconds that connecting, and then each wait for bytes, may take.

    Raises:
        SettingsError: the prefix is no such address.
    """

    def __init__(self, prefix: str, timeout_s: float = TIMEOUT_S) -> None:
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
        return download(self.source(name), timeout_s=self._timeout_s)
