"""The fields of the Gateway API's HTTPRoute, standard and experimental channel of 1.4, as ``v1`` and ``v1beta1``."""

from __future__ import annotations

from typing import Final

from gonogo.manifests import notes_traffic as notes
from gonogo.manifests.interval import interval
from gonogo.manifests.names import dns_subdomain
from gonogo.manifests.schema import object_of
from gonogo.manifests.shape import (
    Amount,
    Anything,
    Listing,
    Number,
    Struct,
    Text,
    harmless,
    need,
    noted,
    read,
)

__all__ = ["HTTP_ROUTE"]

_PORT: Final = Number(1, 65535)
_INTERVAL: Final = Amount(interval)
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")
_FILTERS: Final = (
    "RequestHeaderModifier",
    "ResponseHeaderModifier",
    "RequestMirror",
    "RequestRedirect",
    "URLRewrite",
    "ExtensionRef",
    "CORS",
    "ExternalAuth",
)
_NAMED_VALUE: Final = Struct({"name": need(Text()), "value": need(Text())})
_CHANGES: Final = Struct(
    {"set": read(Listing(_NAMED_VALUE)), "add": read(Listing(_NAMED_VALUE)), "remove": read(Listing(Text()))}
)
_REFERENCE: Final = {
    "group": read(Text()),
    "kind": read(Text()),
    "name": need(Text()),
    "namespace": read(Text()),
    "port": read(_PORT),
}
_PATH_CHANGE: Final = Struct(
    {
        "type": need(Text(choices=("ReplaceFullPath", "ReplacePrefixMatch"))),
        "replaceFullPath": read(Text()),
        "replacePrefixMatch": read(Text()),
    }
)
_FILTER: Final = Struct(
    {
        "type": need(Text(choices=_FILTERS)),
        "requestHeaderModifier": read(_CHANGES),
        "responseHeaderModifier": read(_CHANGES),
        "requestMirror": read(
            Struct(
                {
                    "backendRef": need(Struct(_REFERENCE)),
                    "percent": read(Number(0, 100)),
                    "fraction": read(Struct({"numerator": need(Number()), "denominator": read(Number(1))})),
                }
            )
        ),
        "requestRedirect": read(
            Struct(
                {
                    "scheme": read(Text(choices=("http", "https"))),
                    "hostname": read(Text()),
                    "path": read(_PATH_CHANGE),
                    "port": read(_PORT),
                    "statusCode": read(Number(301, 308)),
                }
            )
        ),
        "urlRewrite": read(Struct({"hostname": read(Text()), "path": read(_PATH_CHANGE)})),
        **noted(notes.FILTER, "extensionRef", "cors", "externalAuth"),
    }
)
_VALUE_MATCH: Final = Struct(
    {
        "type": read(Text(choices=("Exact", "RegularExpression"))),
        "name": need(Text()),
        "value": need(Text()),
    }
)
_MATCH: Final = Struct(
    {
        "path": read(
            Struct(
                {
                    "type": read(Text(choices=("Exact", "PathPrefix", "RegularExpression"))),
                    "value": read(Text()),
                }
            )
        ),
        "headers": read(Listing(_VALUE_MATCH)),
        "queryParams": read(Listing(_VALUE_MATCH)),
        "method": read(Text(choices=_METHODS)),
    }
)
_BACKEND: Final = Struct({**_REFERENCE, "weight": read(Number(0, 1_000_000)), "filters": read(Listing(_FILTER))})
_RULE: Final = Struct(
    {
        "name": read(Text()),
        "matches": read(Listing(_MATCH)),
        "filters": read(Listing(_FILTER)),
        "backendRefs": read(Listing(_BACKEND)),
        "timeouts": read(Struct({"request": read(_INTERVAL), "backendRequest": read(_INTERVAL)})),
        "retry": read(
            Struct(
                {
                    "attempts": read(Number(0, 1000)),
                    "codes": read(Listing(Number(400, 599))),
                    **noted(notes.BACKOFF, "backoff"),
                }
            )
        ),
        **noted(notes.SESSION, "sessionPersistence"),
    }
)
HTTP_ROUTE: Final = object_of(
    dns_subdomain,
    status=read(Anything()),
    spec=need(
        Struct(
            {
                "parentRefs": read(Listing(Struct({**_REFERENCE, "sectionName": read(Text())}))),
                "rules": read(Listing(_RULE)),
                # Host names count at a Gateway; where the parent is a Service, its own names stand.
                **harmless("hostnames", "useDefaultGateways"),
            }
        )
    ),
)
