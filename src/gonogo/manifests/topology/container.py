"""What a manifest says of one container: how it runs, what it sees, and when it is well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from gonogo.manifests.secret import SecretBytes, SecretText

__all__ = [
    "ConfigMapVolume",
    "Container",
    "EmptyDirVolume",
    "EnvVar",
    "Exec",
    "HttpGet",
    "Mount",
    "Port",
    "Probe",
    "Resources",
    "TcpSocket",
    "Volume",
]


@dataclass(frozen=True, slots=True)
class EnvVar:
    """One environment variable of a container, ConfigMap and Secret references resolved, ``$(NAME)`` expanded.

    Attributes:
        value: the text; empty when ``field_path`` is set.
        secret: the value came from a Secret and never reaches a log or a report; its repr is stars.
        field_path: a downward-API path that only the platform can fill in, such as ``status.podIP``.
    """

    name: str
    value: str = ""
    secret: bool = False
    field_path: str | None = None

    def __post_init__(self) -> None:
        if self.secret:
            object.__setattr__(self, "value", SecretText(self.value))


@dataclass(frozen=True, slots=True)
class Port:
    """A port that a container listens on."""

    container_port: int
    name: str = ""
    protocol: str = "TCP"


@dataclass(frozen=True, slots=True)
class Resources:
    """Requests and limits of a container: cores and bytes, None where the manifest is silent."""

    cpu_request: float | None = None
    cpu_limit: float | None = None
    memory_request: int | None = None
    memory_limit: int | None = None


@dataclass(frozen=True, slots=True)
class HttpGet:
    """Healthy when a GET answers 200 to 399. ``port`` is a number or the name of a container port."""

    path: str
    port: int | str
    scheme: Literal["HTTP", "HTTPS"] = "HTTP"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class TcpSocket:
    """Healthy when the port accepts a connection."""

    port: int | str


@dataclass(frozen=True, slots=True)
class Exec:
    """Healthy when the command exits with 0."""

    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Probe:
    """A readiness, liveness or startup probe, with Kubernetes' defaults."""

    action: HttpGet | TcpSocket | Exec
    initial_delay_s: float = 0.0
    period_s: float = 10.0
    timeout_s: float = 1.0
    success_threshold: int = 1
    failure_threshold: int = 3


@dataclass(frozen=True, slots=True)
class Mount:
    """Where a container sees a volume."""

    volume: str
    mount_path: str
    sub_path: str = ""
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class EmptyDirVolume:
    """An empty directory that lives as long as the Pod."""

    name: str
    size_limit: int | None = None


@dataclass(frozen=True, slots=True)
class ConfigMapVolume:
    """Files from a ConfigMap or, when ``secret`` is true, from a Secret: relative path to content.

    Content that came from a Secret does not show in the repr.
    """

    name: str
    files: Mapping[str, bytes]
    secret: bool = False

    def __post_init__(self) -> None:
        if self.secret:
            hidden = {path: SecretBytes(content) for path, content in self.files.items()}
            object.__setattr__(self, "files", hidden)


Volume = EmptyDirVolume | ConfigMapVolume


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a Pod. ``command`` None means the image's own entry point.

    A word of ``command`` or ``args`` that holds a Secret is a SecretText: its repr is stars.
    """

    name: str
    image: str
    command: tuple[str, ...] | None = None
    args: tuple[str, ...] = ()
    env: tuple[EnvVar, ...] = ()
    working_dir: str = ""
    ports: tuple[Port, ...] = ()
    resources: Resources = Resources()
    mounts: tuple[Mount, ...] = ()
    readiness: Probe | None = None
    liveness: Probe | None = None
    startup: Probe | None = None
