"""Route matches in Envoy's words."""

from __future__ import annotations

from gonogo.mesh.envoy.form import Config
from gonogo.mesh.policy.match import Kind, Match, NamedMatch, StringMatch

__all__ = ["route_match"]


def route_match(match: Match) -> Config:
    """Return the RouteMatch of ``match``; its port is no part of it, because every port has routes of its own."""
    config = _path(match.uri)
    if match.ignore_uri_case:
        config["case_sensitive"] = False
    headers = [_named(entry) for entry in match.headers]
    for name, compared in ((":method", match.method), (":authority", match.authority)):
        if compared is not None:
            headers.append(_named(NamedMatch(name, compared)))
    if headers:
        config["headers"] = headers
    if match.query:
        config["query_parameters"] = [_named(entry) for entry in match.query]
    return config


def _path(uri: StringMatch | None) -> Config:
    if uri is None or uri.kind is Kind.PRESENT:
        return {"prefix": "/"}
    if uri.kind is Kind.EXACT:
        return {"path": uri.value}
    if uri.kind is Kind.REGEX:
        return {"safe_regex": {"regex": uri.value}}
    if uri.kind is Kind.SEGMENTS and uri.value != "/":
        return {"path_separated_prefix": uri.value}
    return {"prefix": uri.value}


def _named(entry: NamedMatch) -> Config:
    config: Config = {"name": entry.name}
    if entry.match.kind is Kind.PRESENT:
        config["present_match"] = True
    else:
        config["string_match"] = _string(entry.match)
    if entry.absent:
        config["invert_match"] = True
        if entry.match.kind is not Kind.PRESENT:
            config["treat_missing_header_as_empty"] = True
    return config


def _string(match: StringMatch) -> Config:
    if match.kind is Kind.REGEX:
        return {"safe_regex": {"regex": match.value}}
    return {"exact" if match.kind is Kind.EXACT else "prefix": match.value}
