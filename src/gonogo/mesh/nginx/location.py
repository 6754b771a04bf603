"""Locations: what is done with the requests of one route, and for one of its destinations."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from gonogo.mesh.nginx.condition import Conditions
from gonogo.mesh.nginx.difference import Differences
from gonogo.mesh.nginx.form import block, header_variable, literal, quoted, seconds
from gonogo.mesh.nginx.retry import retries
from gonogo.mesh.nginx.upstream import Upstream
from gonogo.mesh.policy.action import Answer, Forward, Redirect, Rewrite
from gonogo.mesh.policy.destination import Weighted
from gonogo.mesh.policy.header import HeaderChange
from gonogo.mesh.policy.match import Kind, Match
from gonogo.mesh.policy.origin import Origin
from gonogo.mesh.policy.route import Route

__all__ = ["answering", "forwarding", "mirroring", "redirecting", "unreachable"]

_CONNECT_S: Final = 10.0
_OWN_PORTS: Final = {"http": 80, "https": 443}
_GROUP: Final = re.compile(r"\\([0-9])")
_ID: Final = "proxy_set_header X-Request-ID $gonogo_request_id;"


def forwarding(
    name: str,
    route: Route,
    weighted: Weighted,
    match: Match,
    upstream: Upstream,
    *,
    mirrors: Iterable[str],
    rejected: str,
    conditions: Conditions,
) -> str:
    """Return the named location that forwards requests of ``route`` to ``upstream``."""
    forward = route.action
    assert isinstance(forward, Forward)  # noqa: S101 - who calls has looked
    lines = _told(route, upstream)
    if not upstream.endpoints:
        return block(f"location @{name}", [*lines, "set $gonogo_unhealthy 1;", 'return 503 "no healthy upstream";'])
    if upstream.limit is not None:
        lines.append(f"limit_conn {upstream.name}_limit {upstream.limit};")
        if rejected:
            lines.append(f"error_page 503 = @{rejected};")
    if forward.rewrite:
        lines += _rewritten(forward.rewrite, match, route.origin, conditions.differences)
    lines += [f"mirror {uri};" for uri in mirrors]
    request = route.request.then(weighted.request)
    host = (forward.rewrite.authority if forward.rewrite else "") or request.authority
    lines += _connection(upstream, literal(host) if host else "$http_host")
    lines += _request_headers(name, request.plain(), conditions)
    lines += _response_headers(route.response.then(weighted.response))
    lines += retries(forward, route.origin, conditions.differences)
    lines.append(f"proxy_pass http://{upstream.name};")
    return block(f"location @{name}", lines)


def mirroring(uri: str, upstream: Upstream, share: str) -> str:
    """Return the location that sends copies to ``upstream``; ``share`` is empty or a variable that is 1 for a copy."""
    lines = ["internal;"]
    if share:
        lines += [f"if ({share} = 0) {{", "    return 204;", "}"]
    if upstream.endpoints:
        lines += [*_connection(upstream, "$http_host"), f"proxy_pass http://{upstream.name}$request_uri;"]
    else:
        lines.append("return 204;")
    return block(f"location = {uri}", lines)


def redirecting(name: str, route: Route, match: Match, port: int, conditions: Conditions) -> str:
    """Return the named location that sends clients elsewhere."""
    redirect = route.action
    assert isinstance(redirect, Redirect)  # noqa: S101 - who calls has looked
    scheme = redirect.scheme or "http"
    chosen = port if redirect.keep_port else redirect.port
    authority = literal(redirect.authority)[1:-1] if redirect.authority else "$http_host"
    if chosen:
        authority = authority if redirect.authority else "$host"
        authority += "" if chosen == _OWN_PORTS[scheme] else f":{chosen}"
    path = "$gonogo_path"
    if redirect.prefix is not None:
        path = f"${name}_path"
        taken = re.escape(match.uri.value) if match.uri and match.uri.kind is not Kind.REGEX else "/"
        rest = f"{name}_rest"
        cases = [(f"~^{taken}(?<{rest}>.*)$", literal(redirect.prefix)[:-1] + f'${rest}"')]
        conditions.add(path, "$gonogo_path", cases, "$gonogo_path")
    elif redirect.path is not None:
        path = literal(redirect.path)[1:-1]
    target = f'"{scheme}://{authority}{path}$is_args$args"'
    return block(f"location @{name}", [*_response_headers(route.response), f"return {redirect.status} {target};"])


def answering(name: str, route: Route, differences: Differences) -> str:
    """Return the named location that answers without asking anybody."""
    answer = route.action
    assert isinstance(answer, Answer)  # noqa: S101 - who calls has looked
    try:
        body = answer.body.decode()
    except UnicodeDecodeError:
        differences.cannot(
            route.origin, "directResponse.body.bytes", "Nginx answers with text alone: the body is empty"
        )
        body = ""
    lines = ["default_type text/plain;", *_response_headers(route.response)]
    return block(f"location @{name}", [*lines, f"return {answer.status} {literal(body)};"])


def unreachable(name: str) -> str:
    """Return the named location of a destination that does not exist."""
    return block(f"location @{name}", ['return 503 "no such destination";'])


def _told(route: Route, upstream: Upstream) -> list[str]:
    told = {"route": route.name, "service": str(upstream.host), "subset": upstream.subset}
    return [f"set $gonogo_{key} {literal(value)};" for key, value in told.items()]


def _connection(upstream: Upstream, host: str) -> list[str]:
    timeout = upstream.traffic.pool.connect_timeout_s if upstream.traffic.pool else None
    return [
        "proxy_http_version 1.1;",
        'proxy_set_header Connection "";',
        f"proxy_set_header Host {host};",
        _ID,
        f"proxy_connect_timeout {seconds(_CONNECT_S if timeout is None else timeout)};",
    ]


def _request_headers(name: str, change: HeaderChange, conditions: Conditions) -> list[str]:
    values = {header.lower(): literal(value) for header, value in change.set}
    for i, (header, value) in enumerate(change.add):
        before = header_variable(header)
        written = literal(value)
        joined = f"${name}_added_{i}"
        conditions.add(joined, before, [("~.", f'"{before},{written[1:]}')], written)
        values[header.lower()] = joined
    for header in change.remove:
        values[header.lower()] = '""'
    return [f"proxy_set_header {header} {value};" for header, value in values.items()]


def _response_headers(change: HeaderChange) -> list[str]:
    lines = [f"proxy_hide_header {header};" for header in (*(name for name, _ in change.set), *change.remove)]
    lines += [f"add_header {header} {literal(value)} always;" for header, value in (*change.set, *change.add)]
    return lines


def _rewritten(rewrite: Rewrite, match: Match, origin: Origin | None, differences: Differences) -> list[str]:
    if rewrite.pattern:
        if not (rewrite.pattern.startswith("^") and rewrite.pattern.endswith("$")):
            differences.cannot(
                origin, "rewrite.uriRegexRewrite", "Nginx replaces the whole path: anchor the expression with ^ and $"
            )
            return []
        substitution = _GROUP.sub(r"$\1", rewrite.substitution.replace("$", "${gonogo_dollar}"))
        return [f"rewrite {quoted(rewrite.pattern)} {quoted(substitution)} break;"]
    if rewrite.full is not None:
        return [f"rewrite ^ {literal(rewrite.full)} break;"]
    return [] if rewrite.prefix is None else [_prefix_rewritten(rewrite.prefix, match)]


def _prefix_rewritten(prefix: str, match: Match) -> str:
    uri = match.uri
    new = literal(prefix)[1:-1]
    if uri is None or uri.kind in (Kind.REGEX, Kind.PRESENT):
        pattern = "^/(.*)$" if uri is None else "^().*$"
        return f'rewrite {quoted(pattern)} "{new}$1" break;'
    if uri.kind is Kind.SEGMENTS and prefix == "/":
        return f'rewrite {quoted(f"^{re.escape(uri.value)}/?(.*)$")} "/$1" break;'
    case = "(?i)" if match.ignore_uri_case else ""
    return f'rewrite {quoted(f"{case}^{re.escape(uri.value)}(.*)$")} "{new}$1" break;'
