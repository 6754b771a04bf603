"""The programs that a stack needs, looked for before anything starts."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from gonogo.errors import EnvironmentFault
from gonogo.platforms.process.catalogue import WHERE
from gonogo.platforms.process.spec import ContainerSpec, ReplicaSpec

__all__ = ["check_programs"]

# What the commands of shipped images start themselves: module to programs and the package of Debian that has them.
_BEHIND: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "gonogo_services.batch.mariadb": (("mariadbd", "mariadb-install-db"), "mariadb-server"),
    "gonogo_services.batch.postgresql": (("postgres", "initdb"), "postgresql"),
}
_SYSTEM_FOLDERS: Final = "/usr/local/sbin:/usr/sbin:/sbin"
_VERSIONED_FOLDERS: Final = "usr/lib/postgresql/*/bin"  # below the root; Debian keeps several versions side by side


def check_programs(replicas: Sequence[ReplicaSpec]) -> None:
    """Look for every program.

    Raises:
        EnvironmentFault: names all that are missing, with the image and the entry that asked for them.
    """
    missing: dict[str, None] = {}
    packages: dict[str, None] = {}
    for replica in replicas:
        volumes = f"/volumes/{replica.name.replace('/', '_')}/"
        for container in (*replica.init_containers, *replica.containers):
            absent = [] if volumes in container.argv[0] else _absent(container, (container.argv[0],))
            for module, (programs, package) in _BEHIND.items():
                if module in container.argv and (behind := _absent(container, programs)):
                    absent += behind
                    packages[package] = None
            workload = replica.name.rpartition("/")[0]
            missing |= {
                f"{workload} container {container.name} ({container.origin}): no program {program!r}": None
                for program in absent
            }
    if missing:
        install = f"install it (Debian: apt-get install {' '.join(packages)})" if packages else "install it"
        raise EnvironmentFault(
            "; ".join(missing),
            mend=f"{install}, or write in {WHERE} what runs in its place ({{args}} in an entry replaces a command)",
        )


def _absent(container: ContainerSpec, programs: Sequence[str]) -> list[str]:
    versioned = ":".join(map(str, Path("/").glob(_VERSIONED_FOLDERS)))
    search = f"{dict(container.env)['PATH']}:{_SYSTEM_FOLDERS}:{versioned}"
    return [program for program in programs if shutil.which(program, path=search) is None]
