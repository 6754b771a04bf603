"""Retries in Envoy's words, with the defaults that Istio gives every route."""

from __future__ import annotations

from typing import Final

from gonogo.mesh.envoy.form import Config, duration, typed
from gonogo.mesh.policy.action import Retries

__all__ = ["retry_policy"]

_BY_STATUS: Final = "retriable-status-codes"
_DEFAULT: Final = Retries(attempts=2, on=("connect-failure", "refused-stream", "unavailable", "cancelled", _BY_STATUS))
_OTHER_REPLICA: Final = {
    "name": "envoy.retry_host_predicates.previous_hosts",
    "typed_config": typed("extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"),
}


def retry_policy(retries: Retries | None, *, hashed: bool) -> Config | None:
    """Return the RetryPolicy; None for no retries.

    Args:
        retries: None for a route that says nothing.
        hashed: the replica is chosen by a hash, so that a retry goes to the same one.
    """
    chosen = _DEFAULT if retries is None else retries
    if chosen.attempts <= 0:
        return None
    on = chosen.on
    if not on and not chosen.statuses:
        on = _DEFAULT.on
    elif chosen.statuses and _BY_STATUS not in on:
        on = (*on, _BY_STATUS)
    config: Config = {"num_retries": chosen.attempts, "retry_on": ",".join(on)}
    if chosen.statuses:
        config["retriable_status_codes"] = list(chosen.statuses)
    if chosen.per_try_timeout_s is not None:
        config["per_try_timeout"] = duration(chosen.per_try_timeout_s)
    if not hashed:
        config["retry_host_predicate"] = [_OTHER_REPLICA]
    return {**config, "host_selection_retry_max_attempts": 5}
