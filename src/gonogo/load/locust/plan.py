"""What to drive with Locust: a user class and how many of its users, as a value."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from gonogo.errors import TargetError, UsageError
from gonogo.load.target import Target

__all__ = ["Address", "LocustPlan", "LocustUser", "locust_user"]

Address = tuple[str, int]
"""IP address and port."""


@dataclass(frozen=True, slots=True)
class LocustUser:
    """A Locust user class.

    Attributes:
        source: the file or module that has it, before the last colon, and its name after it.
        host: URL that its relative paths are below; empty: the class says so itself.
    """

    source: str
    host: str = ""

    def __post_init__(self) -> None:
        module, _, name = self.source.rpartition(":")
        if not module or not name.isidentifier():
            raise TargetError(
                f"{self.source!r} names no Locust user class",
                mend='write "path/to/users.py:ClassName" or "module:Name"',
            )
        if self.host and (urlsplit(self.host).scheme not in ("http", "https") or not urlsplit(self.host).hostname):
            raise TargetError(f"{self.host!r} is no absolute URL", where=self.source, mend="write http://host:port")

    @property
    def name(self) -> str:
        """Name of the class."""
        return self.source.rpartition(":")[2]


def locust_user(source: str, *, host: str = "") -> LocustUser:
    """Return a Locust user class as something to load with.

    Args:
        source: ``path/to/users.py:ClassName``, relative to the current folder, or a module's:
            ``package.users:ClassName`` or ``package.users.ClassName``.
        host: URL that its relative paths are below, such as ``stack["iris-svc"].url()``; in place of the class's own.

    Raises:
        TargetError: it names no class, or there is no such file.
    """
    if ":" not in source and "." in source and not source.endswith(".py"):
        module, _, name = source.rpartition(".")
        source = f"{module}:{name}"
    file, _, name = source.rpartition(":")
    if file.endswith(".py"):
        path = Path(file).absolute()
        if not path.is_file():
            raise TargetError("there is no such file", where=str(path), mend="name the file of the Locust user class")
        source = f"{path}:{name}"
    return LocustUser(source, host)


@dataclass(frozen=True, slots=True)
class LocustPlan:
    """A load by Locust users.

    Attributes:
        name: name of the run.
        user: their class.
        users: how many there are at once.
        spawn_rate: users that begin per second.
        duration_s: seconds of measured load, after the warm-up.
        warmup_s: seconds before it, from the first user on, kept out of every measure.
        timeout_s: a request that takes longer has failed.
        addresses: by ``host:port``, what stands for the Services of a stack; connections take turns.
        allowed: other hosts that load may be sent to, beside loopback.
        seed: of Python's ``random`` in their process.
        cores: CPUs to pin it to; empty: not pinned.
    """

    name: str
    user: LocustUser
    users: int
    spawn_rate: float
    duration_s: float
    warmup_s: float = 0.0
    timeout_s: float = 10.0
    addresses: Mapping[str, Sequence[Address]] = field(default_factory=dict)
    allowed: tuple[str, ...] = ()
    seed: int = 0
    cores: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.users < 1:
            raise UsageError(f"{self.users} users", where=self.name, mend="have at least one")
        for label, value in (
            ("spawn rate", self.spawn_rate),
            ("duration", self.duration_s),
            ("timeout", self.timeout_s),
        ):
            if not (math.isfinite(value) and value > 0):
                raise UsageError(f"{label} {value} is not above 0", where=self.name)
        if not (math.isfinite(self.warmup_s) and self.warmup_s >= 0):
            raise UsageError(f"warmup {self.warmup_s} s is below 0", where=self.name)

    @property
    def targets(self) -> tuple[Target, ...]:
        """None: which requests a user sends is known when it has sent them."""
        return ()

    @property
    def rate(self) -> None:
        """None: a closed loop."""
        return None
