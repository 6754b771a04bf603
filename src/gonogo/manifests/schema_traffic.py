"""The fields of Istio's DestinationRule and VirtualService.

Names follow networking.istio.io/v1 of Istio 1.31 and hold for v1beta1 and v1alpha3, which have the same fields.
"""

from __future__ import annotations

from typing import Final

from gonogo.manifests import notes_traffic as notes
from gonogo.manifests.interval import interval, percent, positive_interval
from gonogo.manifests.names import dns_label, dns_subdomain, label_key, label_value
from gonogo.manifests.schema import object_of
from gonogo.manifests.shape import (
    Amount,
    Anything,
    Entries,
    Field,
    Flag,
    Listing,
    Note,
    Number,
    Struct,
    Text,
    need,
    noted,
    read,
)

__all__ = ["DESTINATION_RULE", "VIRTUAL_SERVICE"]

_PORT: Final = Number(1, 65535)
_INTERVAL: Final = Amount(positive_interval)
_ANY_INTERVAL: Final = Amount(interval)
_PERCENT: Final = Struct({"value": read(Amount(percent))})
_WHOLE_PERCENT: Final = Number(0, 100)
_SELECTED_PORT: Final = Struct({"number": need(_PORT)})
_LARGEST_TABLE: Final = 5_000_011

# --- DestinationRule


def _only(note: Note, shape: Text | Number | Flag | Amount) -> Field:
    return Field(shape, note=note)


_POOL: Final = Struct(
    {
        "tcp": read(
            Struct(
                {
                    "maxConnections": read(Number()),
                    "connectTimeout": read(_INTERVAL),
                    "idleTimeout": read(_ANY_INTERVAL),
                    "maxConnectionDuration": read(_INTERVAL),
                    **noted(notes.CONNECTION, "tcpKeepalive"),
                }
            )
        ),
        "http": read(
            Struct(
                {
                    "http1MaxPendingRequests": read(Number()),
                    "http2MaxRequests": read(Number()),
                    "maxRequestsPerConnection": read(Number()),
                    "maxRetries": read(Number()),
                    "idleTimeout": read(_ANY_INTERVAL),
                    "h2UpgradePolicy": _only(notes.HTTP2, Text(choices=("DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"))),
                    "useClientProtocol": _only(notes.HTTP2, Flag()),
                    "maxConcurrentStreams": _only(notes.HTTP2, Number()),
                    **noted(notes.HTTP2, "http2KeepAlive"),
                }
            )
        ),
    }
)
_COOKIE: Final = Struct(
    {
        "name": need(Text()),
        "path": read(Text()),
        "ttl": read(_ANY_INTERVAL),
        **noted(notes.COOKIE_ATTRIBUTES, "attributes"),
    }
)
_HASH: Final = Struct(
    {
        "httpHeaderName": read(Text()),
        "httpCookie": read(_COOKIE),
        "useSourceIp": read(Flag()),
        "httpQueryParameterName": read(Text()),
        "ringHash": read(Struct({"minimumRingSize": read(Number(0, 8 * 1024 * 1024))})),
        "maglev": read(Struct({"tableSize": read(Number(0, _LARGEST_TABLE))})),
        "minimumRingSize": read(Number(0, 8 * 1024 * 1024)),
    }
)
_ALGORITHMS: Final = ("UNSPECIFIED", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "ROUND_ROBIN", "LEAST_REQUEST")
_BALANCER: Final = Struct(
    {
        "simple": read(Text(choices=_ALGORITHMS)),
        "consistentHash": read(_HASH),
        **noted(notes.LOCALITY, "localityLbSetting", "zoneAwareLbSetting"),
        **noted(notes.WARMUP, "warmup", "warmupDurationSecs"),
    }
)
_OUTLIERS: Final = Struct(
    {
        "consecutiveErrors": read(Number()),
        "consecutive5xxErrors": read(Number()),
        "consecutiveGatewayErrors": read(Number()),
        "splitExternalLocalOriginErrors": read(Flag()),
        "consecutiveLocalOriginFailures": read(Number()),
        "interval": read(_INTERVAL),
        "baseEjectionTime": read(_INTERVAL),
        "maxEjectionPercent": read(_WHOLE_PERCENT),
        "minHealthPercent": read(_WHOLE_PERCENT),
        **noted(notes.OUTLIER_CODES, "outlierDetectionHttpErrorCodes"),
    }
)
_SETTINGS: Final = {
    "connectionPool": read(_POOL),
    "loadBalancer": read(_BALANCER),
    "outlierDetection": read(_OUTLIERS),
    **noted(notes.TLS, "tls"),
}
_POLICY: Final = Struct(
    {
        **_SETTINGS,
        "portLevelSettings": read(Listing(Struct({"port": need(_SELECTED_PORT), **_SETTINGS}))),
        **noted(notes.TUNNEL, "tunnel", "proxyProtocol"),
        **noted(notes.RETRY_BUDGET, "retryBudget"),
    }
)
_SUBSET: Final = Struct(
    {
        "name": need(Text(complaint=dns_label)),
        "labels": read(Entries(Text(complaint=label_value), label_key)),
        "trafficPolicy": read(_POLICY),
    }
)
DESTINATION_RULE: Final = object_of(
    dns_subdomain,
    status=read(Anything()),
    spec=need(
        Struct(
            {
                "host": need(Text()),
                "trafficPolicy": read(_POLICY),
                "subsets": read(Listing(_SUBSET)),
                **noted(notes.EXPORT, "exportTo"),
                **noted(notes.CLIENT_LABELS, "workloadSelector"),
            }
        )
    ),
)

# --- VirtualService

_MATCHED: Final = Struct({"exact": read(Text()), "prefix": read(Text()), "regex": read(Text())})
_MATCHED_BY_NAME: Final = Entries(_MATCHED)
_MATCH: Final = Struct(
    {
        "name": read(Text()),
        "uri": read(_MATCHED),
        "ignoreUriCase": read(Flag()),
        "method": read(_MATCHED),
        "authority": read(_MATCHED),
        "headers": read(_MATCHED_BY_NAME),
        "withoutHeaders": read(_MATCHED_BY_NAME),
        "queryParams": read(_MATCHED_BY_NAME),
        "port": read(_PORT),
        **noted(notes.SCHEME, "scheme"),
        **noted(notes.SOURCE, "sourceLabels", "sourceNamespace"),
        **noted(notes.GATEWAYS, "gateways"),
        **noted(notes.NAMED, "statPrefix"),
    }
)
_CHANGES: Final = Struct({"set": read(Entries(Text())), "add": read(Entries(Text())), "remove": read(Listing(Text()))})
_HEADERS: Final = Struct({"request": read(_CHANGES), "response": read(_CHANGES)})
_DESTINATION: Final = Struct({"host": need(Text()), "subset": read(Text()), "port": read(_SELECTED_PORT)})
_WEIGHTED: Final = Struct(
    {"destination": need(_DESTINATION), "weight": read(Number()), "headers": read(_HEADERS)},
)
_MIRROR: Final = Struct({"destination": need(_DESTINATION), "percentage": read(_PERCENT)})
_RETRIES: Final = Struct(
    {
        "attempts": read(Number(0, 1000)),
        "perTryTimeout": read(_INTERVAL),
        "retryOn": read(Text()),
        "retryRemoteLocalities": _only(notes.REMOTE, Flag()),
        "retryIgnorePreviousHosts": _only(notes.PREVIOUS_HOSTS, Flag()),
        "backoff": _only(notes.BACKOFF, Text()),
    }
)
_FAULT: Final = Struct(
    {
        "delay": read(
            Struct(
                {
                    "fixedDelay": read(_INTERVAL),
                    "percentage": read(_PERCENT),
                    "percent": read(_WHOLE_PERCENT),
                    **noted(notes.FAULT_KIND, "exponentialDelay"),
                }
            )
        ),
        "abort": read(
            Struct(
                {
                    "httpStatus": read(Number(200, 599)),
                    "percentage": read(_PERCENT),
                    **noted(notes.FAULT_KIND, "grpcStatus", "http2Error"),
                }
            )
        ),
    }
)
_REWRITE: Final = Struct(
    {
        "uri": read(Text()),
        "authority": read(Text()),
        "uriRegexRewrite": read(Struct({"match": need(Text()), "rewrite": read(Text())})),
    }
)
_REDIRECT: Final = Struct(
    {
        "uri": read(Text()),
        "prefixRewrite": read(Text()),
        "authority": read(Text()),
        "scheme": read(Text(choices=("http", "https"))),
        "port": read(_PORT),
        "derivePort": read(Text(choices=("FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"))),
        "redirectCode": read(Number(300, 308)),
    }
)
_ANSWER: Final = Struct(
    {
        "status": need(Number(200, 599)),
        "body": read(Struct({"string": read(Text()), "bytes": read(Text())})),
    }
)
_ROUTE: Final = Struct(
    {
        "name": read(Text()),
        "match": read(Listing(_MATCH)),
        "route": read(Listing(_WEIGHTED)),
        "redirect": read(_REDIRECT),
        "directResponse": read(_ANSWER),
        "rewrite": read(_REWRITE),
        "timeout": read(_ANY_INTERVAL),
        "retries": read(_RETRIES),
        "fault": read(_FAULT),
        "mirror": read(_DESTINATION),
        "mirrors": read(Listing(_MIRROR)),
        "mirrorPercentage": read(_PERCENT),
        "mirrorPercent": read(_WHOLE_PERCENT),
        "mirror_percent": read(_WHOLE_PERCENT),
        "headers": read(_HEADERS),
        **noted(notes.CORS, "corsPolicy"),
        **noted(notes.DELEGATE, "delegate"),
    }
)
VIRTUAL_SERVICE: Final = object_of(
    dns_subdomain,
    status=read(Anything()),
    spec=need(
        Struct(
            {
                "hosts": read(Listing(Text())),
                "http": read(Listing(_ROUTE)),
                "gateways": Field(Listing(Text()), note=notes.GATEWAYS),
                **noted(notes.EXPORT, "exportTo"),
                **noted(notes.SNI, "tls", "tcp"),
            }
        )
    ),
)
