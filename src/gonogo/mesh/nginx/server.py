"""Servers: one for each port of each Service; the first route whose condition holds takes the request."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gonogo.mesh.nginx.condition import Conditions
from gonogo.mesh.nginx.form import block, header_variable, literal, quoted
from gonogo.mesh.nginx.location import answering, forwarding, mirroring, redirecting, unreachable
from gonogo.mesh.nginx.upstream import Upstream
from gonogo.mesh.policy.action import Answer, Forward, Redirect
from gonogo.mesh.policy.balancer import HashKey, HashSource
from gonogo.mesh.policy.destination import Destination, Mirror
from gonogo.mesh.policy.match import Match
from gonogo.mesh.policy.origin import Origin
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.policy.rejection import DEFERRABLE, Rejection
from gonogo.mesh.policy.route import Fault, Route
from gonogo.mesh.sidecar import Address, Outlet, Sidecar

__all__ = ["Server"]

_PERCENT: Final = 100
_TO_REFUSED: Final = 405
_VARIABLE: Final = re.compile(r"\$[A-Za-z0-9_]+")


class Server:
    """The server of one outlet, with the maps that choose its routes."""

    def __init__(
        self,
        policy: Policy,
        sidecar: Sidecar,
        outlet: Outlet,
        *,
        number: int,
        upstreams: tuple[Upstream, ...],
        conditions: Conditions,
    ) -> None:
        self._ruling = policy.of(outlet.host)
        self._sidecar = sidecar
        self._outlet = outlet
        self._name = f"gonogo_{number}"
        self._upstreams = {(entry.host, entry.port, entry.subset): entry for entry in upstreams}
        self._conditions = conditions
        turned = self._ruling.rejection or self._ruling.overflow
        self._rejected = f"{self._name}_rejected" if turned else ""

    def text(self, at: Address) -> str:
        """Return the server's block; its maps go to the conditions."""
        locations: list[str] = []
        chosen = list(self._chosen(locations))
        held = [condition for condition, _ in chosen]
        cases = [(f"~^{'0:' * i}1", target) for i, (_, target) in enumerate(chosen)]
        target = f"${self._name}_target"
        self._conditions.add(target, quoted(":".join(held)) if held else '"none"', cases, f"{self._name}_none")
        lines = [
            f"listen {at};",
            'set $gonogo_route "";',
            'set $gonogo_service "";',
            'set $gonogo_subset "";',
            block("location /", [f"try_files /.gonogo/nowhere @{target};"]),
            block(f"location @{self._name}_none", ["set $gonogo_unrouted 1;", "return 404;"]),
            *locations,
        ]
        if self._rejected:
            lines += ["recursive_error_pages on;", *self._turned_away()]
        return block("server", ["set $gonogo_unrouted 0;", "set $gonogo_unhealthy 0;", *lines])

    def _turned_away(self) -> list[str]:
        """Return the locations of what the breaker turns away."""
        rejection = self._ruling.rejection or Rejection()
        taker = self._upstream(self._ruling.overflow) if self._ruling.overflow else None
        if taker is None or not taker.endpoints:
            return [_rejection(self._rejected, rejection)]
        refused = f"{self._rejected}_refused"
        return [
            block(
                f"location @{self._rejected}",
                [
                    # A request without a body cannot be answered later; what the taker refuses is rejected after all.
                    f"if ($request_method !~ ^(?:{'|'.join(DEFERRABLE)})$) {{",
                    f"    return {_TO_REFUSED};",
                    "}",
                    f"error_page 502 503 504 {_TO_REFUSED} = @{refused};",
                    "proxy_intercept_errors on;",
                    "proxy_http_version 1.1;",
                    'proxy_set_header Connection "";',
                    "proxy_set_header X-Request-Id $gonogo_request_id;",
                    f"proxy_pass http://{taker.name};",
                ],
            ),
            _rejection(refused, rejection),
        ]

    def _chosen(self, locations: list[str]) -> Iterator[tuple[str, str]]:
        """Yield the condition of every route and match with the location that it leads to."""
        for i, route in enumerate(self._ruling.routes_at(self._outlet.port)):
            for j, match in enumerate(route.matches or (Match(),)):
                if match.port is None or match.port == self._outlet.port:
                    name = f"{self._name}_{i}_{j}"
                    condition = self._conditions.of(f"{name}_if", match, route.origin)
                    yield condition, self._faulty(name, route, self._led(name, route, match, locations), locations)

    def _led(self, name: str, route: Route, match: Match, locations: list[str]) -> str:
        match route.action:
            case Redirect():
                locations.append(redirecting(name, route, match, self._outlet.port, self._conditions))
                return name
            case Answer():
                locations.append(answering(name, route, self._conditions.differences))
                return name
            case Forward() as forward:
                return self._forwarded(name, route, forward, match, locations)

    def _forwarded(self, name: str, route: Route, forward: Forward, match: Match, locations: list[str]) -> str:
        mirrors = [self._mirrored(f"{name}_m{i}", mirror, locations) for i, mirror in enumerate(forward.mirrors)]
        if mirrors:
            self._conditions.differences.differs(
                route.origin,
                "mirror",
                "the client's next request on the same connection waits until the copy is answered",
            )
        taking = [entry for entry in forward.to if entry.weight or len(forward.to) == 1]
        for i, weighted in enumerate(taking):
            upstream = self._upstream(weighted.destination)
            if upstream is None:
                locations.append(unreachable(f"{name}_d{i}"))
            else:
                locations.append(
                    forwarding(
                        f"{name}_d{i}",
                        route,
                        weighted,
                        match,
                        upstream,
                        mirrors=mirrors,
                        rejected=self._rejected,
                        conditions=self._conditions,
                    )
                )
        if len(taking) == 1:
            return f"{name}_d0"
        shares = [entry.weight / sum(one.weight for one in taking) for entry in taking]
        key = self._user(f"{name}_user", forward.sticky, route.origin) if forward.sticky else "$request_id"
        self._split(f"{name}_to", [(share, f"d{i}") for i, share in enumerate(shares)], key=key)
        return f'"{name}_${{{name}_to}}"'

    def _user(self, name: str, key: HashKey, origin: Origin | None) -> str:
        """Return a variable that is the same for all requests of a user, and another for each of an unknown one."""
        source = f"$cookie_{key.name}" if key.source is HashSource.COOKIE else header_variable(key.name)
        if not source or not _VARIABLE.fullmatch(source):
            self._conditions.differences.cannot(
                origin, "route", f"Nginx has no variable for the {key.source} {key.name!r}: the split is not sticky"
            )
            return "$request_id"
        self._conditions.add(f"${name}", source, [("", "$request_id")], source)
        return f"${name}"

    def _split(self, variable: str, parts: list[tuple[float, str]], *, key: str = "$request_id") -> None:
        lines = [f"{share * _PERCENT:.2f}% {value};" for share, value in parts[:-1] if round(share * _PERCENT, 2)]
        hashed = quoted(f"{key}:{variable}")
        self._conditions.maps.append(block(f"split_clients {hashed} ${variable}", [*lines, f"* {parts[-1][1]};"]))

    def _mirrored(self, name: str, mirror: Mirror, locations: list[str]) -> str:
        uri = f"/.gonogo/{name}"
        upstream = self._upstream(mirror.destination)
        share = ""
        if mirror.share < 1:
            self._split(f"{name}_share", [(mirror.share, "1"), (1 - mirror.share, "0")])
            share = f"${name}_share"
        if upstream is None:
            locations.append(block(f"location = {uri}", ["internal;", "return 204;"]))
        else:
            locations.append(mirroring(uri, upstream, share))
        return uri

    def _faulty(self, name: str, route: Route, target: str, locations: list[str]) -> str:
        fault = route.fault or Fault()
        if fault.delay_s is not None and fault.delay_share:
            self._conditions.differences.cannot(route.origin, "fault.delay", "Nginx delays no request")
        if fault.abort_status is None or not fault.abort_share:
            return target
        body = literal("fault filter abort")
        locations.append(block(f"location @{name}_abort", [f"return {fault.abort_status} {body};"]))
        if fault.abort_share >= 1:
            return f"{name}_abort"
        self._split(f"{name}_fault", [(fault.abort_share, f"{name}_abort"), (1 - fault.abort_share, target)])
        return f"${name}_fault"

    def _upstream(self, destination: Destination) -> Upstream | None:
        outlet = self._sidecar.outlet(destination.host, destination.port, self._outlet.port)
        return self._upstreams.get((outlet.host, outlet.port, destination.subset)) if outlet else None


def _rejection(name: str, rejection: Rejection) -> str:
    lines = [f"default_type {literal(rejection.content_type)};"]
    if rejection.retry_after_s is not None:
        lines.append(f"add_header Retry-After {rejection.retry_after_s} always;")
    return block(f"location @{name}", [*lines, f"return {rejection.status} {literal(rejection.body)};"])
