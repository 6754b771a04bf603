"""What follows from the fields of traffic rules that gonogo does not carry out."""

from __future__ import annotations

from typing import Final

from gonogo.manifests.findings import Severity
from gonogo.manifests.notes import FIELD_NOT_USED
from gonogo.manifests.rule import Rule
from gonogo.manifests.shape import Note

__all__ = [
    "BACKOFF",
    "CLIENT_LABELS",
    "CONNECTION",
    "COOKIE_ATTRIBUTES",
    "CORS",
    "DELEGATE",
    "EXPORT",
    "FAULT_KIND",
    "FILTER",
    "GATEWAYS",
    "HTTP2",
    "LOCALITY",
    "NAMED",
    "OUTLIER_CODES",
    "PREVIOUS_HOSTS",
    "REMOTE",
    "RETRY_BUDGET",
    "RULES",
    "SCHEME",
    "SESSION",
    "SNI",
    "SOURCE",
    "TLS",
    "TUNNEL",
    "WARMUP",
]

TRAFFIC_FIELD_UNSUPPORTED: Final = Rule(
    "traffic-field-unsupported", Severity.ERROR, "a traffic rule asks for something that gonogo does not carry out"
)
RULES: Final = (TRAFFIC_FIELD_UNSUPPORTED,)

_CLUSTER: Final = "remove it from the judged manifests, or judge this rule on a cluster"
_ELSEWHERE: Final = "nothing to do here; test it on a cluster if the release depends on it"


def _unsupported(consequence: str, *silent: object, mend: str = _CLUSTER) -> Note:
    return Note(TRAFFIC_FIELD_UNSUPPORTED, consequence, mend, silent)


def _unused(consequence: str, *silent: object) -> Note:
    return Note(FIELD_NOT_USED, consequence, _ELSEWHERE, silent)


BACKOFF: Final = _unsupported("the pause between retries is the proxy's own: retries come at other times")
CLIENT_LABELS: Final = _unsupported("clients are not told apart by their labels: the rule would hold for none or all")
COOKIE_ATTRIBUTES: Final = _unsupported("the cookie is set without these attributes")
CORS: Final = _unsupported("preflight requests are not answered and no CORS header is added")
DELEGATE: Final = _unsupported(
    "routes of another VirtualService are not taken in", mend="write the routes of the delegate here"
)
FAULT_KIND: Final = _unsupported("no such fault is injected", mend="write fixedDelay or httpStatus")
FILTER: Final = _unsupported("requests pass without the filter")
GATEWAYS: Final = _unused("the rule's gateways are not run: only traffic inside the mesh is routed", ["mesh"])
HTTP2: Final = _unsupported("requests to the Service are HTTP/1.1", "DEFAULT", "DO_NOT_UPGRADE")
OUTLIER_CODES: Final = _unsupported("only 5xx answers count as errors, not these codes", mend="remove it")
PREVIOUS_HOSTS: Final = _unsupported(
    "a retry avoids the replicas that failed before, whatever stands here", mend="remove it"
)
RETRY_BUDGET: Final = _unsupported("retries are not limited by a budget", mend="set connectionPool.http.maxRetries")
SCHEME: Final = _unsupported("requests are not told apart by their scheme: all of them are plain HTTP")
SESSION: Final = _unsupported(
    "requests of a session are not kept together", mend="use consistentHash of a DestinationRule"
)
SOURCE: Final = _unsupported("clients are not told apart: the rule would hold for none or all of them")
SNI: Final = _unsupported("only HTTP is routed: this traffic would go to the Service as it is")
TUNNEL: Final = _unsupported("traffic is neither tunnelled nor given a PROXY header")
WARMUP: Final = _unsupported("new replicas get their full share at once")
LOCALITY: Final = _unused("there are no zones here: load is spread over all replicas alike")
CONNECTION: Final = _unused("connections stay on this machine: how long silent ones are probed is not tested")
EXPORT: Final = _unused("the rule holds for the judged client, whatever its namespace", ["*"])
NAMED: Final = _unused("no statistics are kept under the name")
REMOTE: Final = _unused("there are no other localities here", False)  # noqa: FBT003 - the silent value
TLS: Final = _unused("connections between the sidecar and the Service are plain: encryption is not tested")
