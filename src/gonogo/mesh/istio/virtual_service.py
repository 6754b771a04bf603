"""VirtualServices: routes in order, and what each does with a request.

Sources: https://istio.io/latest/docs/reference/config/networking/virtual-service/ and, where the page is silent, the
configuration that istiod makes.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace
from typing import Final

from gonogo.manifests.host import Host, resolve
from gonogo.manifests.objects import Object
from gonogo.manifests.shape import Fields
from gonogo.manifests.sticky import sticky_key, sticky_text
from gonogo.manifests.traffic import routes
from gonogo.mesh.istio.match import match
from gonogo.mesh.istio.traffic import seconds
from gonogo.mesh.policy.action import Action, Answer, Forward, Redirect, Retries, Rewrite
from gonogo.mesh.policy.balancer import HashKey, HashSource
from gonogo.mesh.policy.destination import Destination, Mirror, Weighted
from gonogo.mesh.policy.header import HeaderChange
from gonogo.mesh.policy.origin import origin
from gonogo.mesh.policy.route import Fault, Route

__all__ = ["retry_conditions", "routed_hosts", "virtual_service"]

_PERCENT: Final = 100
_HTTP_STATUSES: Final = range(100, 600)


def routed_hosts(entry: Object) -> tuple[Host, ...]:
    """Return the Services whose requests a VirtualService routes."""
    written = entry.fields.get("spec", {}).get("hosts", ())
    return tuple(host for text in written if (host := resolve(text, entry.namespace)))


def virtual_service(entry: Object) -> tuple[Route, ...] | None:
    """Return the routes of a VirtualService; None when it has none for HTTP and so leaves it alone."""
    if "http" not in entry.fields.get("spec", {}):
        return None
    made = []
    sticky = _sticky(entry)
    for fields, place in routes(entry):
        action = _action(fields, entry.namespace)
        if isinstance(action, Forward) and len(action.to) > 1:
            action = replace(action, sticky=sticky)
        if action is None:
            continue  # a check has reported that the route leads nowhere
        headers = fields.get("headers", {})
        made.append(
            Route(
                action,
                matches=tuple(match(one) for one in fields.get("match", ())),
                name=fields.get("name", ""),
                fault=_fault(fields["fault"]) if fields.get("fault") else None,
                request=_change(headers.get("request", {})),
                response=_change(headers.get("response", {})),
                origin=origin(place),
            )
        )
    return tuple(made)


def retry_conditions(text: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return the conditions and the statuses of a comma-separated ``retryOn``."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    statuses = [int(word) for word in words if word.isdecimal() and int(word) in _HTTP_STATUSES]
    return tuple(word for word in words if not word.isdecimal()), tuple(statuses)


def _sticky(entry: Object) -> HashKey | None:
    key = sticky_key(sticky_text(entry))
    return HashKey(HashSource(key.source), key.name) if key else None


def _action(fields: Fields, namespace: str) -> Action | None:
    if "redirect" in fields:
        return _redirect(fields["redirect"])
    if "directResponse" in fields:
        return _answer(fields["directResponse"])
    to = tuple(_weighted(entry, namespace) for entry in fields.get("route", ()))
    if not to:
        return None
    return Forward(
        to,
        mirrors=tuple(mirror for mirror in _mirrors(fields, namespace) if mirror.share > 0),
        timeout_s=seconds(fields, "timeout"),
        retries=_retries(fields["retries"]) if "retries" in fields else None,
        rewrite=_rewrite(fields["rewrite"]) if fields.get("rewrite") else None,
    )


def _weighted(fields: Fields, namespace: str) -> Weighted:
    headers = fields.get("headers", {})
    return Weighted(
        _destination(fields.get("destination", {}), namespace),
        weight=fields.get("weight", 0),
        request=_change(headers.get("request", {})),
        response=_change(headers.get("response", {})),
    )


def _destination(fields: Fields, namespace: str) -> Destination:
    written = fields.get("host", "")
    # A host that names no Service is a finding; its cluster has no replica, as with istiod.
    host = resolve(written, namespace) or Host(namespace, written)
    return Destination(host, fields.get("port", {}).get("number"), fields.get("subset", ""))


def _mirrors(fields: Fields, namespace: str) -> list[Mirror]:
    found = []
    if "mirror" in fields:
        percent = fields.get("mirrorPercent", fields.get("mirror_percent"))
        share = _share(fields["mirrorPercentage"], 1.0) if "mirrorPercentage" in fields else None
        if share is None:
            share = 1.0 if percent is None else percent / _PERCENT
        found.append(Mirror(_destination(fields["mirror"], namespace), share))
    for entry in fields.get("mirrors", ()):
        share = _share(entry["percentage"], 0.0) if "percentage" in entry else 1.0
        found.append(Mirror(_destination(entry.get("destination", {}), namespace), share))
    return found


def _share(fields: Fields, silent: float) -> float:
    return float(fields["value"]) / _PERCENT if "value" in fields else silent


def _retries(fields: Fields) -> Retries:
    on, statuses = retry_conditions(fields.get("retryOn", ""))
    return Retries(
        attempts=fields.get("attempts", 0),
        per_try_timeout_s=seconds(fields, "perTryTimeout"),
        on=on,
        statuses=statuses,
    )


def _fault(fields: Fields) -> Fault:
    delay, abort = fields.get("delay", {}), fields.get("abort", {})
    delay_share = _share(delay["percentage"], 0.0) if "percentage" in delay else delay.get("percent", 0) / _PERCENT
    return Fault(
        delay_s=seconds(delay, "fixedDelay"),
        delay_share=delay_share,
        abort_status=abort.get("httpStatus"),
        abort_share=_share(abort.get("percentage", {}), 0.0),
    )


def _rewrite(fields: Fields) -> Rewrite:
    pattern = fields.get("uriRegexRewrite", {})
    return Rewrite(
        prefix=fields.get("uri") or None,
        pattern=pattern.get("match", ""),
        substitution=pattern.get("rewrite", ""),
        authority=fields.get("authority", ""),
    )


def _redirect(fields: Fields) -> Redirect:
    return Redirect(
        path=fields.get("uri") or None,
        prefix=fields.get("prefixRewrite") or None,
        authority=fields.get("authority", ""),
        scheme=fields.get("scheme", ""),
        port=fields.get("port"),
        keep_port=fields.get("derivePort") == "FROM_REQUEST_PORT",
        status=fields.get("redirectCode") or 301,
    )


def _answer(fields: Fields) -> Answer:
    body = fields.get("body", {})
    if "bytes" in body:
        try:
            return Answer(fields.get("status", 200), base64.b64decode(body["bytes"], validate=True))
        except binascii.Error:
            return Answer(fields.get("status", 200))
    return Answer(fields.get("status", 200), body.get("string", "").encode())


def _change(fields: Fields) -> HeaderChange:
    return HeaderChange(
        set=tuple(sorted(fields.get("set", {}).items())),
        add=tuple(sorted(fields.get("add", {}).items())),
        remove=tuple(fields.get("remove", ())),
    )
