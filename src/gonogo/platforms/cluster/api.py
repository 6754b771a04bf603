"""The API server as this room sees it: JSON in, JSON out, patience while it does not answer, and one error each.

Paths and verbs are those of https://kubernetes.io/docs/reference/using-api/api-concepts/. The ``kubernetes`` client
brings authentication, TLS and connections; its typed models are not used, because manifests may hold kinds that it
does not know.
"""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol, cast

import urllib3
from kubernetes.client import ApiClient
from kubernetes.client.exceptions import ApiException
from kubernetes.stream.ws_client import WSClient, get_websocket_url
from websocket import WebSocketBadStatusException, WebSocketException

from gonogo.errors import EnvironmentFault
from gonogo.platforms.cluster.unverified import accept

__all__ = ["Api", "Json", "Refused", "Stream", "Unreachable"]

Json = Mapping[str, Any]

_BUSY: Final = (429, 502, 503, 504)
"""Answers that stand for "not now" (API server, or what stands in front of it)."""
_PAUSE_S: Final = 0.5
_CONNECT_S: Final = 3.0
_PATIENT_S: Final = 20.0
_IMPATIENT_S: Final = 3.0


class Refused(EnvironmentFault):
    """The API server answered, and said no.

    Attributes:
        status: the HTTP status.
        reason: the API's own word for it, such as ``NotFound``.
    """

    def __init__(self, status: int, reason: str, message: str, *, where: str, mend: str = "") -> None:
        super().__init__(message, where=where, mend=mend)
        self.status = status
        self.reason = reason


class Unreachable(EnvironmentFault):
    """The API server did not answer, for as long as there was patience."""


class Socket(Protocol):
    """The connection below a stream."""

    @property
    def sock(self) -> socket.socket | ssl.SSLSocket:
        """Its socket."""
        ...


class Stream(Protocol):
    """A connection to a command in a Pod, with numbered channels; the client's own is one."""

    @property
    def sock(self) -> Socket:
        """What is below it."""
        ...

    def update(self, timeout: float) -> None:
        """Take in what has come."""
        ...

    def read_channel(self, channel: int) -> bytes:
        """Return what has come on ``channel``."""
        ...

    def write_channel(self, channel: int, data: bytes) -> None:
        """Send ``data`` on ``channel``."""
        ...

    def is_open(self) -> bool:
        """Whether more may come."""
        ...

    def close(self, *, timeout: int) -> None:
        """End the connection."""
        ...


class Api:
    """Calls to one API server. May be used from several threads.

    Args:
        client: knows the server and who asks.
        patience_s: how long to go on asking while the server does not answer.
        clock: seconds.
        pause: waits for seconds.
    """

    def __init__(
        self,
        client: ApiClient,
        *,
        patience_s: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self._client = client
        if not self.verified:
            accept(client.rest_client.pool_manager)
        self._patience_s = patience_s
        self._clock = clock
        self._pause = pause

    @property
    def server(self) -> str:
        """Its URL."""
        return str(self._client.configuration.host)

    @property
    def verified(self) -> bool:
        """Whether its certificate is checked; a kubeconfig may say that it is not."""
        return bool(self._client.configuration.verify_ssl)

    def get(self, path: str, *, patient: bool = True, **query: object) -> Json:
        """Return what stands at ``path``.

        Args:
            path: below the server's root, with its leading slash.
            patient: ask again while the server does not answer.
            query: parameters of the query.

        Raises:
            Refused: the server says no.
            Unreachable: it does not answer.
        """
        return _parsed(self._call("GET", path, query, patient=patient))

    def text(self, path: str, query: Mapping[str, object]) -> str:
        """Return what stands at ``path`` as text, asked for once."""
        return self._call("GET", path, query, patient=False).decode("utf-8", errors="replace")

    def apply(self, path: str, body: Json) -> Json:
        """Apply ``body`` at ``path`` on the server's side, as the field manager ``gonogo``, which wins conflicts."""
        query = {"fieldManager": "gonogo", "force": "true"}
        return _parsed(self._call("PATCH", path, query, body=body, kind="application/apply-patch+yaml"))

    def merge(self, path: str, body: Json, *, patient: bool = True) -> Json:
        """Change the fields of ``body`` at ``path`` (a JSON merge patch, RFC 7386)."""
        return _parsed(self._call("PATCH", path, {}, body=body, kind="application/merge-patch+json", patient=patient))

    def create(self, path: str, body: Json) -> Json:
        """Create ``body`` in the collection at ``path``."""
        return _parsed(self._call("POST", path, {}, body=body, kind="application/json"))

    def exec(self, path: str, query: Sequence[tuple[str, str]]) -> Stream:
        """Start a command by the subresource ``exec`` at ``path``, and return the connection to it.

        Raises:
            Refused: the server says no.
            Unreachable: it does not answer.
        """
        _, url, headers, _, _ = self._client.param_serialize("GET", path, auth_settings=["BearerToken"])
        headers = {name.lower(): value for name, value in headers.items()}
        try:
            place = get_websocket_url(url, query)  # type: ignore[no-untyped-call] # the client has no types
            opened = WSClient(self._client.configuration, place, headers, capture_all=False, binary=True)  # type: ignore[no-untyped-call] # likewise
            return cast("Stream", opened)
        except WebSocketBadStatusException as error:
            _answered(error.status_code, bytes(error.resp_body or b""), f"exec {path}")
            raise
        except (WebSocketException, OSError) as error:
            raise Unreachable(
                f"the API server starts no command in a Pod ({error})",
                where=self.server,
                mend="see that this machine reaches it, and that nothing between refuses WebSockets",
            ) from error

    def delete(self, path: str, *, patient: bool = True, **options: object) -> None:
        """Delete what stands at ``path``; that it is gone already is no error."""
        try:
            self._call("DELETE", path, {}, body=dict(options), kind="application/json", patient=patient)
        except Refused as refusal:
            if refusal.status not in (404, 409):
                raise

    def _call(
        self,
        verb: str,
        path: str,
        query: Mapping[str, object],
        *,
        body: Json | None = None,
        kind: str = "",
        patient: bool = True,
    ) -> bytes:
        begun = self._clock()
        while True:
            try:
                status, data = self._once(verb, path, query, body, kind, read_s=_PATIENT_S if patient else _IMPATIENT_S)
            except (ApiException, urllib3.exceptions.HTTPError, OSError) as error:
                trouble = _cause(error)
            else:
                if status not in _BUSY or not patient:
                    return _answered(status, data, f"{verb} {path}")
                trouble = f"it answered {status}: {_message(data)}"
            if not patient or self._clock() - begun >= self._patience_s:
                raise Unreachable(
                    f"the API server does not answer ({trouble})",
                    where=self.server,
                    mend="see that the cluster runs and that this machine reaches it: kubectl get --raw /readyz",
                )
            self._pause(_PAUSE_S)

    def _once(
        self, verb: str, path: str, query: Mapping[str, object], body: Json | None, kind: str, *, read_s: float
    ) -> tuple[int, bytes]:
        request = self._client.param_serialize(
            verb,
            path,
            query_params=list(query.items()),
            header_params={"Accept": "application/json, */*", **({"Content-Type": kind} if kind else {})},
            auth_settings=["BearerToken"],
        )
        verb, url, headers, _, _ = request
        # Bytes pass the client as they are: what a manifest says must reach the server unchanged.
        sent = None if body is None else json.dumps(body)
        response = self._client.rest_client.pool_manager.request(
            verb,
            url,
            body=sent,
            headers=headers,
            timeout=urllib3.Timeout(connect=_CONNECT_S, read=read_s),
            retries=False,
        )
        return int(response.status), bytes(response.data)


def _answered(status: int, data: bytes, where: str) -> bytes:
    """Return the data of a good answer.

    Raises:
        Refused: it is none.
    """
    if status < 300:  # noqa: PLR2004 - RFC 9110, 15.3: success
        return data
    said = _parsed_or_empty(data)
    reason = str(said.get("reason", ""))
    mend = {
        401: "log in again, or renew the credentials of the kubeconfig",
        403: "ask for the rights that docs/platforms.md lists",
    }.get(status, "")
    raise Refused(status, reason, _message(data), where=where, mend=mend)


def _message(data: bytes) -> str:
    said = _parsed_or_empty(data)
    return str(said.get("message") or data.decode("utf-8", errors="replace")[:300].strip() or "no reason given")


def _parsed(data: bytes) -> Json:
    parsed = json.loads(data)
    return parsed if isinstance(parsed, dict) else {"items": parsed}


def _parsed_or_empty(data: bytes) -> Json:
    try:
        return _parsed(data)
    except ValueError:
        return {}


def _cause(error: BaseException) -> str:
    """The innermost reason of a connection's failure, in few words."""
    reason = getattr(error, "reason", None)
    inner = reason if isinstance(reason, BaseException) else error
    text = str(inner)
    return text.rpartition(": ")[2] if "object at 0x" in text else text
