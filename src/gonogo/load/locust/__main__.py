# ruff: noqa: ANN401 - Locust and gevent give their parts no types
"""Locust's process: ``python -m gonogo.load.locust``, started by gonogo.load.locust.driver and by nothing else.

Arguments: the descriptor that takes the rows, the parent's id, and whether to die with it. Standard input brings the
plan (its length in 8 bytes, then a pickle), then lines ``stop REASON``; its end means that the parent is gone. Standard
output takes one JSON object a line; what the users print goes to standard error.
"""

from __future__ import annotations

import locust  # isort: skip # it patches the standard library, so it comes before everything that is patched

import importlib
import importlib.util
import ipaddress
import itertools
import json
import os
import pickle
import random
import resource
import signal
import socket
import sys
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import gevent  # type: ignore[import-untyped] # it has no types
from gevent.fileobject import FileObject  # type: ignore[import-untyped] # likewise
from locust.env import Environment

from gonogo.load.engine.timer import die_with_parent
from gonogo.load.locust.plan import Address, LocustPlan
from gonogo.load.locust.record import Recorder

_STDIN = 0
_PLACE = 3


def main() -> None:
    """Read the plan, drive it, and say how it went."""
    rows_fd, parent, tied = (int(argument) for argument in sys.argv[1:4])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's: it asks for the end and keeps the data
    if tied:
        die_with_parent()
    said = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    commands = FileObject(_STDIN, "rb", close=False)
    plan: LocustPlan = pickle.loads(commands.read(int.from_bytes(commands.read(8))))  # noqa: S301 - the parent wrote it
    if plan.cores:
        os.sched_setaffinity(0, plan.cores)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else max(soft, 65536), hard))
    random.seed(plan.seed)

    def say(**event: object) -> None:
        said.write(json.dumps(event) + "\n")
        said.flush()

    gevent.get_hub().resolver = Resolver(gevent.get_hub().resolver, plan.addresses, plan.allowed)
    try:
        user = aimed(load_class(plan.user.source), plan)
    except Exception as error:  # noqa: BLE001 - whatever keeps the class from being used is told to whoever named it
        say(event="refused", what=f"{type(error).__name__}: {error}")
        return
    _drive(plan, user, Recorder(rows_fd, say), commands, say, parent)


def _drive(plan: LocustPlan, user: type, recorder: Recorder, commands: Any, say: Any, parent: int) -> None:
    environment = Environment(user_classes=[user], events=locust.events, host=plan.user.host or None)
    environment.stop_timeout = plan.timeout_s
    recorder.listen(environment.events)
    runner = environment.create_local_runner()
    over = gevent.event.Event()
    cut_short = [""]

    def obey() -> None:
        line = commands.readline()
        if not line:
            os._exit(1)
        cut_short[0] = line.decode().strip().partition(" ")[2]
        over.set()

    def watch() -> None:
        while True:
            gevent.sleep(0.2)
            if os.getppid() != parent:
                os._exit(1)

    gevent.spawn(obey)
    gevent.spawn(watch)
    environment.events.init.fire(environment=environment, runner=runner, web_ui=None)  # type: ignore[no-untyped-call] # Locust has no types here
    recorder.begin(time.monotonic() + plan.warmup_s)
    say(event="started", start=recorder.start)
    environment.events.test_start.fire(environment=environment)  # type: ignore[no-untyped-call] # Locust has no types here
    before_s = time.process_time()
    runner.start(plan.users, spawn_rate=plan.spawn_rate)
    over.wait(plan.warmup_s + plan.duration_s)
    lasted_s = time.monotonic() - recorder.start
    used_s = time.process_time() - before_s
    runner.stop()
    environment.events.test_stop.fire(environment=environment)  # type: ignore[no-untyped-call] # Locust has no types here
    runner.quit()
    say(
        event="finished",
        cpu_s=used_s,
        lasted_s=lasted_s + plan.warmup_s,
        until_s=lasted_s,
        cut_short=cut_short[0],
        errors=recorder.user_errors,
        first_error=recorder.first_error,
        names=recorder.names,
    )


class Resolver:
    """Resolves the Services of a stack to their replicas, in turn, and refuses hosts that may not be loaded.

    Args:
        inner: gevent's own resolver.
        addresses: by ``host:port``.
        allowed: hosts beside loopback.
    """

    def __init__(self, inner: Any, addresses: Mapping[str, Sequence[Address]], allowed: tuple[str, ...]) -> None:
        self._inner = inner
        self._allowed = allowed
        self._turns: dict[str, Iterator[Address]] = {name: itertools.cycle(each) for name, each in addresses.items()}

    def getaddrinfo(self, host: Any, port: Any, *rest: Any, **named: Any) -> Any:
        """Resolve as :func:`socket.getaddrinfo` does."""
        name = host.decode() if isinstance(host, bytes) else str(host)
        turn = self._turns.get(f"{name}:{port}")
        if turn is not None:
            host, port = next(turn)
        elif not self._may_be_loaded(name):
            message = f"load may not be sent to {name}: allow it with [tool.gonogo] allow_hosts"
            raise socket.gaierror(socket.EAI_FAIL, message)
        return self._inner.getaddrinfo(host, port, *rest, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def _may_be_loaded(self, host: str) -> bool:
        if host == "localhost" or host in self._allowed:
            return True
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False


def load_class(source: str) -> type:
    """Return the user class that ``source`` names.

    Raises:
        Exception: whatever its module raises, and TypeError when it is no user class.
    """
    place, _, name = source.rpartition(":")
    if place.endswith(".py"):
        sys.path.insert(0, str(Path(place).parent))
        spec = importlib.util.spec_from_file_location(Path(place).stem, place)
        assert spec is not None  # noqa: S101 - it ends in .py
        assert spec.loader is not None  # noqa: S101 - likewise
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    else:
        sys.path.insert(0, str(Path.cwd()))
        module = importlib.import_module(place)
    found = getattr(module, name, None)
    if not (isinstance(found, type) and issubclass(found, locust.User)):
        raise TypeError(f"{place} has no Locust user class {name}")
    return found


def aimed(user: Any, plan: LocustPlan) -> type:
    """Return the class with the plan's host, and with its timeout where it sets none itself."""
    if plan.user.host:
        user.host = plan.user.host.rstrip("/")
    if not user.host and issubclass(user, locust.HttpUser | locust.FastHttpUser):
        raise TypeError(f"{user.__name__} has no host: give locust_user(..., host=) one, or the class")
    if issubclass(user, locust.FastHttpUser):
        for name in ("network_timeout", "connection_timeout"):
            if getattr(user, name) == getattr(locust.FastHttpUser, name):
                setattr(user, name, plan.timeout_s)
        return user  # type: ignore[no-any-return] # it is a class
    if not issubclass(user, locust.HttpUser):
        return user  # type: ignore[no-any-return] # likewise

    class Timed(user):  # type: ignore[misc] # the class is known only now
        def __init__(self, *args: Any, **named: Any) -> None:
            super().__init__(*args, **named)
            send = self.client.request
            self.client.request = lambda *what, **how: send(*what, **{"timeout": plan.timeout_s, **how})

    Timed.__name__ = user.__name__
    return Timed


if __name__ == "__main__":
    try:
        main()
    except Exception:  # noqa: BLE001 - the parent reads the last line of what stands on standard error
        traceback.print_exc()
        sys.exit(_PLACE)
    # Greenlets of users that hang in a request are not waited for.
    sys.stderr.flush()
    os._exit(0)
