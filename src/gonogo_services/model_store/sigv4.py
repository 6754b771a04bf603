"""AWS Signature Version 4 of a request without a body.

Source: "Create a signed AWS API request", AWS Identity and Access Management User Guide, and "Authenticating Requests:
Using the Authorization Header", Amazon S3 API Reference.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

__all__ = ["Credentials", "signed_headers"]

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_NOTHING: Final = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who asks; shown without its secrets.

    Attributes:
        key_id: the access key's id.
        secret: the access key's secret.
        token: the session token of temporary credentials; empty for lasting ones.
    """

    key_id: str
    secret: str = field(repr=False)
    token: str = field(default="", repr=False)


def signed_headers(
    host: str,
    path: str,
    credentials: Credentials,
    *,
    region: str,
    at: datetime,
    headers: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the headers that authorise ``GET path`` on the S3 server at ``host``.

    Args:
        host: as in the Host header.
        path: percent-encoded, without a query.
        credentials: who asks.
        region: the bucket's region, such as ``eu-central-1``.
        at: the time in UTC; the server allows 15 minutes of difference.
        headers: further headers to sign and to send, names in lower case.
    """
    stamp, day = at.strftime("%Y%m%dT%H%M%SZ"), at.strftime("%Y%m%d")
    sent = {**(headers or {}), "x-amz-content-sha256": _NOTHING, "x-amz-date": stamp}
    if credentials.token:
        sent["x-amz-security-token"] = credentials.token
    signed = sorted({**sent, "host": host}.items())
    names = ";".join(name for name, _ in signed)
    lines = "".join(f"{name}:{value}\n" for name, value in signed)
    request = f"GET\n{path}\n\n{lines}\n{names}\n{_NOTHING}"
    scope = f"{day}/{region}/s3/aws4_request"
    to_sign = f"{_ALGORITHM}\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{credentials.secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    credential = f"{credentials.key_id}/{scope}"
    sent["authorization"] = f"{_ALGORITHM} Credential={credential},SignedHeaders={names},Signature={signature}"
    return sent
