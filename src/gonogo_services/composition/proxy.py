"""What the proxy does with a flower: rules, services, thresholds, answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from fastapi import FastAPI

from gonogo_services.composition.caller import HttpCaller
from gonogo_services.composition.collection import Collection
from gonogo_services.composition.collector import COLLECTING_CONNECTIONS, Collector
from gonogo_services.composition.composing import compose
from gonogo_services.composition.fan_out import FanOut
from gonogo_services.composition.outcome import Failure
from gonogo_services.composition.rules import excluding
from gonogo_services.composition.settings import ProxySettings
from gonogo_services.composition.switchboard import Switchboard
from gonogo_services.iris.one_vs_rest.row import parse_lengths
from gonogo_services.serving.exchange import Reply
from gonogo_services.serving.refusal import Refusal

__all__ = ["Proxy"]

_EXCLUDED: Final = 422
_UNAVAILABLE: Final = 503
# Health checks share the services' connections; a second pool would tell of other connections than requests use.
_HEALTH_TIMEOUT_S: Final = 1.0


class Proxy:
    """The proxy of one worker; usable while its ``lifespan`` lasts.

    Args:
        settings: what does not change.
        switchboard: what does.
        collection: where the predictions of deactivated services go.
    """

    def __init__(self, settings: ProxySettings, switchboard: Switchboard, collection: Collection) -> None:
        self.settings = settings
        self.switchboard = switchboard
        self.collection = collection
        self._caller: HttpCaller
        self._fan_out: FanOut
        self._collector: Collector

    @asynccontextmanager
    async def lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        """Open the connections of this worker, and close them at its end."""
        settings = self.settings
        async with AsyncExitStack() as stack:
            self._caller = await stack.enter_async_context(HttpCaller(settings.connections))
            aside = await stack.enter_async_context(HttpCaller(COLLECTING_CONNECTIONS))
            collector = Collector(settings.backends, aside, self.collection, clock=time.monotonic, now=time.time)
            self._collector = await stack.enter_async_context(collector)
            self._fan_out = FanOut(
                settings.backends,
                self._caller,
                deadline_s=settings.deadline_s,
                retries=settings.retries,
                retry_budget=settings.retry_budget,
                clock=time.monotonic,
            )
            yield

    async def predict(self, body: bytes) -> Reply:
        """Return the reply to ``{"data": [[4 numbers]]}``.

        Raises:
            Refusal: 400 or 422 when the body is no flower or is excluded by a rule, 503 when a service failed.
        """
        flower = parse_lengths(body)
        rule = excluding(self.settings.rules, flower)
        if rule is not None:
            raise Refusal(_EXCLUDED, "data[0]", f"excluded by the rule {rule.name}: {rule.text}")
        before = self.switchboard.current
        active = []
        for name, switch in before.switches.items():
            if switch.active:
                active.append(name)
            elif switch.collect:
                self._collector.offer(name, body, flower, before.version)
        outcomes = await self._fan_out.ask(active, body)
        # A service that was switched off meanwhile is not in the answer any more.
        parameters = self.switchboard.current
        composed = compose(outcomes, parameters, self.settings.backends)
        if composed.failed:
            raise Refusal(_UNAVAILABLE, ",".join(composed.failed), _reasons(composed.failed))
        headers = [(b"parameters-version", b"%d" % parameters.version)]
        if composed.defaulted:
            headers.append((b"defaulted", ",".join(composed.defaulted).encode()))
        return Reply(composed.answer, headers=headers)

    async def health_of_all(self) -> dict[str, str]:
        """Return ``ok`` or ``ng`` for every service, asked now."""
        backends = self.settings.backends
        answers = await asyncio.gather(*(self._caller.healthy(one, _HEALTH_TIMEOUT_S) for one in backends.values()))
        return {name: "ok" if healthy else "ng" for name, healthy in zip(backends, answers, strict=True)}


def _reasons(failed: Mapping[str, Failure]) -> str:
    return "; ".join(f"{failure.kind}: {failure.detail}" for failure in failed.values())
