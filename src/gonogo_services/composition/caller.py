"""HTTP to the services: kept-alive connections, so many and no more, and every trouble told as a failure."""

from __future__ import annotations

from types import TracebackType
from typing import Final, Protocol, Self

import aiohttp

from gonogo_services.composition.backend import Backend
from gonogo_services.composition.outcome import Failure, FailureKind, Outcome, read_prediction

__all__ = ["Caller", "HttpCaller"]

_LONGEST_ANSWER: Final = 1 << 16
# Shorter than servers commonly keep an idle connection, so that none is closed under a request that is being sent.
_KEEP_ALIVE_S: Final = 30.0
_OK: Final = 200
_HEADERS: Final = {"content-type": "application/json", "accept": "application/json"}


class Caller(Protocol):
    """Asks services; no exception leaves it but cancellation."""

    async def predict(self, backend: Backend, body: bytes, timeout_s: float) -> Outcome:
        """Send ``body`` to ``POST /predict`` once."""

    async def healthy(self, backend: Backend, timeout_s: float) -> bool:
        """Tell whether ``GET /health`` is answered with 200."""


class HttpCaller:
    """A caller over aiohttp; belongs to the event loop that it is entered in.

    Args:
        connections: most connections to one service; further requests wait for one within their timeout.
    """

    def __init__(self, connections: int) -> None:
        self._connections = connections
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, limit_per_host=self._connections, keepalive_timeout=_KEEP_ALIVE_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_HEADERS,
            skip_auto_headers=("user-agent", "accept-encoding"),
            auto_decompress=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def predict(self, backend: Backend, body: bytes, timeout_s: float) -> Outcome:
        """Send ``body`` to ``POST /predict`` once."""
        answer = await self._answer("POST", f"{backend.url}/predict", body, timeout_s)
        return answer if isinstance(answer, Failure) else read_prediction(*answer)

    async def healthy(self, backend: Backend, timeout_s: float) -> bool:
        """Tell whether ``GET /health`` is answered with 200."""
        answer = await self._answer("GET", f"{backend.url}/health", None, timeout_s)
        return not isinstance(answer, Failure) and answer[0] == _OK

    async def _answer(self, method: str, url: str, body: bytes | None, timeout_s: float) -> tuple[int, bytes] | Failure:
        timeout = aiohttp.ClientTimeout(total=timeout_s)
        try:
            async with self._session.request(
                method, url, data=body, timeout=timeout, allow_redirects=False
            ) as response:
                return response.status, await _read(response)
        except TimeoutError:
            return Failure(FailureKind.TIMEOUT, f"no answer within {timeout_s:.3g} s")
        except aiohttp.ClientConnectorError as error:
            return Failure(FailureKind.CONNECT, f"no connection: {error.strerror or error}")
        except aiohttp.ClientResponseError:
            return Failure(FailureKind.GARBAGE, "its answer is not HTTP")
        except _TooLong:
            return Failure(FailureKind.GARBAGE, f"its answer is longer than {_LONGEST_ANSWER} bytes")
        except (aiohttp.ClientError, OSError) as error:
            return Failure(FailureKind.RESET, f"the connection broke: {error}")


class _TooLong(Exception):
    """An answer is longer than any prediction."""


async def _read(response: aiohttp.ClientResponse) -> bytes:
    if response.content_length is not None and response.content_length <= _LONGEST_ANSWER:
        return await response.read()
    content = b""
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > _LONGEST_ANSWER:
            raise _TooLong
    return content
