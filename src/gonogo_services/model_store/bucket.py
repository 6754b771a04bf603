"""Addresses of buckets, and of the servers that have them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import quote, urlsplit

from gonogo_services.errors import SettingsError

__all__ = ["Bucket", "Endpoint"]

_UNRESERVED: Final = "/-_.~"  # what SigV4 and RFC 3986 leave as it is in a path
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket and the folder in it under which models lie.

    Attributes:
        scheme: ``s3`` or ``gs``.
        name: the bucket's name.
        prefix: ``""``, or a folder without slashes around it.
    """

    scheme: str
    name: str
    prefix: str

    @classmethod
    def parse(cls, location: str) -> Bucket:
        """Read ``scheme://bucket/prefix``.

        Raises:
            SettingsError: it is no such address. The message does not repeat it, because it may hold a secret.
        """
        parts = urlsplit(location)
        if parts.query or parts.fragment or not _NAME.fullmatch(parts.netloc):
            raise SettingsError(
                f"MODEL_STORE is no address of a bucket; write {parts.scheme}://BUCKET/FOLDER (the folder may be left "
                "out), with the bucket's name in lower case"
            )
        return cls(parts.scheme.lower(), parts.netloc, parts.path.strip("/"))

    def __str__(self) -> str:
        return "/".join(filter(None, (f"{self.scheme}://{self.name}", self.prefix)))

    def path(self, name: str) -> str:
        """Return the path of the object for the model ``name`` within the bucket, percent-encoded, with its slash."""
        return "/" + quote("/".join(filter(None, (self.prefix, name))), safe=_UNRESERVED)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server that has buckets.

    Attributes:
        scheme: ``http`` or ``https``.
        host: name or address, with the port where it is stated.
        path: ``""``, or a path that begins with a slash and ends without one.
    """

    scheme: str
    host: str
    path: str = ""

    @classmethod
    def parse(cls, address: str, variable: str) -> Endpoint:
        """Read ``http://host:port/path`` or ``https://…``.

        Raises:
            SettingsError: it is no such address; the message names the variable and does not repeat the value.
        """
        parts = urlsplit(address)
        try:
            port_is_good = parts.port is None or parts.port > 0
        except ValueError:
            port_is_good = False
        plain = parts.netloc.isascii() and not (parts.query or parts.fragment or "@" in parts.netloc)
        if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_good or not plain:
            raise SettingsError(f"{variable} is no address of a server; write https://host or http://host:port")
        return cls(parts.scheme, parts.netloc, quote(parts.path.rstrip("/"), safe=_UNRESERVED))

    @property
    def confidential(self) -> bool:
        """Whether a secret that is sent there can be read by nobody else: by TLS, or within this machine."""
        host = urlsplit(f"//{self.host}").hostname or ""
        try:
            return self.scheme == "https" or ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"
