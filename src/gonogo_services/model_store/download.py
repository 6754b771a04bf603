"""One GET: the body of the answer in pieces, or a StoreError that says what went wrong and whether it may pass."""

from __future__ import annotations

import http.client
import re
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from email.message import Message
from typing import IO, Final

from gonogo_services.errors import StoreError

__all__ = ["TIMEOUT_S", "download"]

TIMEOUT_S: Final = 10.0

_CHUNK_BYTES = 1 << 16
_PROBLEM_BYTES = 1 << 16
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500
_REDIRECTS = range(300, 400)
# The code of an error answer of S3 or of Cloud Storage's XML interface. The rest of it may quote what was signed.
_CODE = re.compile(rb"<Code>([A-Za-z.]{1,64})</Code>")


def download(
    address: str, headers: Mapping[str, str] | None = None, *, timeout_s: float = TIMEOUT_S
) -> Iterator[bytes]:
    """Give the body of the answer to a GET.

    Args:
        address: an ``http://`` or ``https://`` address.
        headers: further headers, which authorise the request. They are for this address only: a redirect elsewhere
            fails. Without them redirects are followed.
        timeout_s: seconds that connecting, and then each wait for bytes, may take.

    Raises:
        StoreError: there is no such answer, or not all of it; nothing of ``headers`` is in the message.
    """
    opener = urllib.request.build_opener(*([_NoRedirect] if headers else []))
    try:
        with opener.open(urllib.request.Request(address, headers=dict(headers or {})), timeout=timeout_s) as answer:  # noqa: S310 - the stores check the scheme
            announced = answer.headers.get("Content-Length", "")
            size = 0
            while chunk := answer.read1(_CHUNK_BYTES):
                size += len(chunk)
                yield chunk
    except urllib.error.HTTPError as error:
        transient = error.code == _TOO_MANY_REQUESTS or error.code >= _SERVER_ERROR
        raise StoreError(_refusal(error), transient=transient) from error
    except urllib.error.URLError as error:
        raise StoreError(f"{error.reason}", transient=True) from error
    except (OSError, http.client.HTTPException) as error:
        raise StoreError(f"{error}" or type(error).__name__, transient=True) from error
    if announced.isdecimal() and size != int(announced):
        raise StoreError(f"the answer ended after {size} of {announced} bytes", transient=True)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Leaves a redirect as the answer that it is: urllib would send the authorisation along to another host."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        """Make no further request."""


def _refusal(error: urllib.error.HTTPError) -> str:
    with error:
        try:
            code = _CODE.search(error.read(_PROBLEM_BYTES))
        except (OSError, http.client.HTTPException):
            code = None
    said = f"the server answered {error.code} {error.reason}"
    if code:
        said += f" ({code[1].decode()})"
    if region := error.headers.get("x-amz-bucket-region"):
        said += f"; the bucket is in the region {region}"
    elif error.code in _REDIRECTS:
        said += ", a redirect that is not followed with credentials"
    return said
