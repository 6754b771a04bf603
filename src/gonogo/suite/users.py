"""Locust users as a suite orders them: read into a plan, and aimed at the Services of its stack."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from gonogo.errors import GonogoError, UsageError
from gonogo.load.locust.plan import Address, LocustPlan, LocustUser
from gonogo.load.target import Target
from gonogo.suite.extent import UNJUDGED_S
from gonogo.suite.order import LoadOptions, Order, required
from gonogo.suite.stack import Stack
from gonogo.units import format_count, format_duration, parse_duration

__all__ = ["addresses", "order_users"]

_MEANINGLESS = ("rate", "arrivals", "connections", "engines", "repeats")
_UNKNOWN = ("lag", "queued")


def order_users(
    user: LocustUser, options: LoadOptions, *, name: str, stack: Stack | None, cores: tuple[int, ...]
) -> Order:
    """Read ``options`` for a load by Locust users.

    Args:
        user: their class.
        options: as the suite gave them; ``users`` is needed.
        name: of the run, where the options give none.
        stack: whose Services they find by name; None without one.
        cores: CPUs of the generator.

    Raises:
        UsageError: an option cannot be used, or a criterion asks what such a load cannot tell.
    """
    given = [option for option in _MEANINGLESS if option in options]
    if given:
        raise UsageError(
            f"{given[0]}= for Locust users",
            where=user.source,
            mend="say how many with users=, spawn_rate= and duration=",
        )
    if "users" not in options:
        raise UsageError("Locust users without a number", where=user.source, mend="give users=50")
    criteria = required(options)
    for criterion in criteria:
        if criterion.measure.population in _UNKNOWN:
            raise UsageError(
                f"{criterion} cannot be told of Locust users",
                mend="they have no due times, so lag and waits are unknown",
            )
    declared = options.get("duration")
    users = options["users"]
    plan = LocustPlan(
        name=options.get("name") or name,
        user=user,
        users=users,
        spawn_rate=options.get("spawn_rate", float(users)),
        duration_s=UNJUDGED_S if declared is None else parse_duration(declared),
        warmup_s=parse_duration(options.get("warmup", 0.0)),
        timeout_s=parse_duration(options.get("timeout", 10.0)),
        addresses=addresses(stack) if stack is not None else {},
        allowed=tuple(filter(None, (urlsplit(user.host).hostname,))),
        seed=options.get("seed", 0),
        cores=cores,
    )
    line = f"{format_count(users)} Locust users ({user.name}) for {format_duration(plan.duration_s)}, closed loop"
    return Order(plan, criteria, (line,))


def addresses(stack: Stack) -> Mapping[str, tuple[Address, ...]]:
    """Return where the Services of a stack are, by ``host:port`` as callers inside of the cluster write it."""
    found: dict[str, tuple[Address, ...]] = {}
    for service in stack.topology.services:
        full = f"{service.name}.{service.namespace}"
        for host in (service.name, full, f"{full}.svc", f"{full}.svc.cluster.local"):
            for port in service.ports:
                # A Service without a ready replica, or of which two namespaces have one, is not found by that name.
                with suppress(GonogoError):
                    aimed = stack.aim.resolve(Target("GET", f"http://{host}:{port.port}/"))
                    if aimed.endpoints:
                        found[f"{host}:{port.port}"] = aimed.endpoints
    return found
