"""Settings: ``[tool.gonogo]`` of pyproject.toml, then ``GONOGO_*`` in the environment, then the command line.

Read once, at the edge; everything behind it gets values.
"""

from __future__ import annotations

import difflib
import ipaddress
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from gonogo.errors import SettingsError
from gonogo.platforms.registry import CHOICES
from gonogo.units import parse_duration

__all__ = ["Settings", "read"]

Duration = Annotated[float, BeforeValidator(parse_duration)]
"""Seconds, written as ``250ms``, ``60s`` or a number."""


def _words(given: object) -> object:
    return tuple(part for part in given.replace(",", " ").split() if part) if isinstance(given, str) else given


Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
Cores = Annotated[tuple[int, ...], BeforeValidator(_words)]


def _known_platform(given: str) -> str:
    if given not in CHOICES:
        raise PydanticCustomError("platform", "choose one of: {choices}", {"choices": ", ".join(CHOICES)})
    return given


PlatformName = Annotated[str, AfterValidator(_known_platform)]

_MARIADB = "{python} -m gonogo_services.batch.mariadb --host {host} --port {port} --data {folder:/var/lib/mysql}"

SHIPPED_IMAGES: Mapping[str, str] = {
    "gonogo/iris:*": "{python} -m gonogo_services.iris",
    "gonogo/iris-one-vs-rest:*": "{python} -m gonogo_services.iris.one_vs_rest",
    "gonogo/composition:*": "{python} -m gonogo_services.composition",
    "gonogo/disturber:*": "{python} -m gonogo_services.composition.disturber",
    "gonogo/model-loader:*": "{python} -m gonogo_services.model_store",
    "gonogo/model-server:*": "{python} -m gonogo_services.model_server",
    "gonogo/image-proxy:*": "{python} -m gonogo_services.images",
    "gonogo/overflow:*": "{python} -m gonogo_services.overflow",
    "gonogo/batch:*": "{python} -m gonogo_services.batch",
    "gonogo/batch-job:*": "{python} -m gonogo_services.batch.job",
    "gonogo/mariadb:*": _MARIADB,
    "mysql:*": _MARIADB,
    "mariadb:*": _MARIADB,
    "postgres:*": "{python} -m gonogo_services.batch.postgresql --host {host} --port {port} "
    "--data {folder:/var/lib/postgresql/data} {args}",
}
"""Images of the services that ship with gonogo and the commands that run them as processes."""

IMAGE_FAMILIES: Mapping[str, str] = {
    "gonogo/iris:*": "services/iris",
    "gonogo/iris-one-vs-rest:*": "services/iris",
    "gonogo/composition:*": "services/composition",
    "gonogo/disturber:*": "services/composition",
    "gonogo/model-loader:*": "model-loader/requirements",
    "gonogo/model-server:*": "services/model-server",
    "gonogo/image-proxy:*": "services/image-proxy",
    "gonogo/overflow:*": "services/overflow",
    "gonogo/batch:*": "services/batch",
    "gonogo/batch-job:*": "services/batch",
    "gonogo/mariadb:*": "databases/mariadb",
    "gonogo/generator:*": "generator/requirements",
}
"""The same as container images: the folder in images/ whose Dockerfile has a stage of their name, and in it the file of
their packages."""

STAND_INS: Mapping[str, str] = {
    "mysql:*": "gonogo/mariadb",
    "mariadb:*": "gonogo/mariadb",
}
"""Images of others that may be out of reach, and the shipped image that takes their place in Docker then."""


class Settings(BaseModel):
    """What a session may do and where it runs.

    Attributes:
        platform: where stacks run.
        require_platform: a platform that this machine does not have is an error; else gates on it are skipped.
        proxy: what carries out the manifests' traffic rules: ``envoy`` or ``nginx``.
        istio_proxy: where an Istio proxy takes the load, as ``HOST`` or ``HOST:PORT``; it carries the rules out then.
        report: folder of the judgment, relative to the root of the project.
        profile: ``full`` runs as long as the suites say; ``ci`` 10 s a run, or what the criteria need.
        gates: suites that must have run for a GO, as paths relative to the root.
        attach: Services that already run: name to URL.
        allow_hosts: hosts other than loopback that load may be sent to.
        allow_contexts: contexts of the kubeconfig whose clusters gonogo may use.
        cluster_images: image names, or beginnings of them that end in ``*``, to what stands for them in the cluster.
        kind_cluster: the kind cluster to create or reuse.
        images: globs of image names to the commands that run them as processes.
        base_image: image with Python that gonogo's own container images are made from.
        stop_when_decided: loads end as soon as their criteria are decided, where that is possible.
        remeasure: how often a run that is INVALID by the generator's fault is measured again.
        generator: where load is sent from: ``here``, this machine, or ``inside``, beside the stack's replicas.
        generator_cores: CPUs of the load generator; empty: chosen by gonogo.
        service_cores: CPUs of the services; empty: chosen by gonogo.
        load_wait: seconds to wait for another load test on this machine: only one at a time may run.
        autoscaler_period: seconds between two decisions of an autoscaler on the process platform.
        ready_timeout: seconds that a stack may take until every replica is ready.
        stop_timeout: seconds after which a stopping process is killed, whatever its grace period says.
        provenance: facts to show in the judgment, such as the version of the model.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    platform: PlatformName = "process"
    require_platform: bool = False
    proxy: Literal["envoy", "nginx"] = "envoy"
    istio_proxy: str = ""
    report: Path = Path("judgment")
    profile: Literal["ci", "full"] = "full"
    gates: Words = ()
    attach: Mapping[str, str] = Field(default_factory=dict)
    allow_hosts: Words = ()
    allow_contexts: Words = ()
    cluster_images: Mapping[str, str] = Field(default_factory=dict)
    kind_cluster: str = "gonogo"
    images: Mapping[str, str | tuple[str, ...]] = Field(default_factory=dict)
    base_image: str = "python:3.11-slim-bookworm"
    stop_when_decided: bool = True
    remeasure: int = Field(default=2, ge=0, le=9)
    generator: Literal["here", "inside"] = "here"
    generator_cores: Cores = ()
    service_cores: Cores = ()
    load_wait: Duration = 60.0
    autoscaler_period: Annotated[Duration, Field(gt=0)] = 15.0
    ready_timeout: Duration = 60.0
    stop_timeout: Duration = 10.0
    provenance: Mapping[str, str] = Field(default_factory=dict)

    @property
    def commands(self) -> Mapping[str, str | tuple[str, ...]]:
        """Images to commands: the user's first, then those that ship with gonogo."""
        return {**SHIPPED_IMAGES, **self.images}

    def allows(self, host: str) -> bool:
        """Whether load may be sent to ``host``: loopback always may, others when they are in ``allow_hosts``."""
        if host in self.allow_hosts or host == "localhost":
            return True
        try:
            return ipaddress.ip_address(host.strip("[]")).is_loopback
        except ValueError:
            return False


def read(root: Path, environment: Mapping[str, str], given: Mapping[str, object]) -> Settings:
    """Return the settings of the project at ``root``.

    Args:
        root: folder that may hold a pyproject.toml.
        environment: environment variables; ``GONOGO_PROFILE`` sets ``profile`` and so on.
        given: what the command line says; None and empty values say nothing.

    Raises:
        SettingsError: a setting is unknown, of the wrong type or out of range.
    """
    file = root / "pyproject.toml"
    merged: dict[str, object] = {}
    where: dict[str, str] = {}
    for origin, values in (
        (f"{file} [tool.gonogo]", _from_pyproject(file)),
        ("environment", _from_environment(environment)),
        ("command line", {key: value for key, value in given.items() if value not in (None, "", (), {}, [])}),
    ):
        for key, value in values.items():
            merged[key] = value
            where[key] = f"{origin} GONOGO_{key.upper()}" if origin == "environment" else f"{origin} {key}"
    unknown = [key for key in merged if key not in Settings.model_fields]
    if unknown:
        near = difflib.get_close_matches(unknown[0], Settings.model_fields, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(Settings.model_fields))}"
        raise SettingsError(f"there is no setting {unknown[0]!r}", where=where[unknown[0]], mend=hint)
    try:
        return Settings.model_validate(merged)
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0])
        path = ".".join(str(part) for part in first["loc"])
        raise SettingsError(
            f"{path} = {first['input']!r} cannot be used", where=where.get(key, key), mend=first["msg"].lower()
        ) from error


def _from_pyproject(file: Path) -> Mapping[str, object]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"it cannot be read: {error}", where=str(file), mend="mend the file") from error
    table = content.get("tool", {}).get("gonogo", {})
    if not isinstance(table, dict):
        raise SettingsError("[tool.gonogo] is no table", where=str(file), mend="write it as [tool.gonogo]")
    return {key.replace("-", "_"): value for key, value in table.items()}


def _from_environment(environment: Mapping[str, str]) -> Mapping[str, object]:
    """GONOGO_* of the settings that one line of text can say; other GONOGO_* variables belong to other parts."""
    text = {"attach", "cluster_images", "images", "provenance"}
    return {
        key: environment[f"GONOGO_{key.upper()}"]
        for key in Settings.model_fields
        if key not in text and environment.get(f"GONOGO_{key.upper()}")
    }
