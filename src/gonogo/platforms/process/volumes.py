"""Where a Pod's volumes are on this machine, and the files to put into them. Planned first, written after."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gonogo.errors import ManifestError
from gonogo.manifests.topology import ConfigMapVolume, Container, EmptyDirVolume, Mount, Workload

__all__ = ["FileSpec", "VolumePlan", "plan_volumes", "write_files"]

_PLAIN = 0o444
_SECRET = 0o600


@dataclass(frozen=True, slots=True)
class FileSpec:
    """A file to write."""

    path: str
    content: bytes
    secret: bool

    @property
    def mode(self) -> int:
        """Permission bits: nobody writes; a Secret's file is its owner's alone."""
        return _SECRET if self.secret else _PLAIN


@dataclass(frozen=True, slots=True)
class VolumePlan:
    """The volumes of one container.

    Attributes:
        paths: mount path to folder or file on this machine, for the rewriter.
        folders: what must exist.
        files: content by volume and relative path, not rewritten yet; True when it is a Secret's.
    """

    paths: Mapping[str, str]
    folders: tuple[str, ...]
    files: tuple[tuple[str, bytes, bool], ...]

    def file_specs(self, rewrite: Callable[[str], str]) -> tuple[FileSpec, ...]:
        """Return the files with their text rewritten; what is no UTF-8 stays as it is."""
        specs = []
        for path, content, secret in self.files:
            try:
                told = rewrite(content.decode()).encode()
            except UnicodeDecodeError:
                told = content
            specs.append(FileSpec(path, told, secret))
        return tuple(specs)


def plan_volumes(workload: Workload, container: Container, folder: str) -> VolumePlan:
    """Return where ``container`` finds what it mounts, below the replica's ``folder``.

    An emptyDir is one folder for the whole Pod. ConfigMaps and Secrets are written for each container by itself,
    because the paths in their text are that container's.

    Raises:
        ManifestError: a mount names no volume, or a path leaves its volume.
    """
    volumes = {volume.name: volume for volume in workload.volumes}
    paths: dict[str, str] = {}
    folders: list[str] = []
    files: dict[str, tuple[bytes, bool]] = {}
    for mount in container.mounts:
        volume = volumes.get(mount.volume)
        where = f"{workload.source}: {workload} container {container.name} mount {mount.mount_path}"
        if volume is None:
            known = ", ".join(sorted(volumes)) or "none"
            raise ManifestError(f"there is no volume {mount.volume!r}", where=where, mend=f"the Pod declares: {known}")
        inside = _inside(mount, where)
        root = (
            f"{folder}/{volume.name}"
            if isinstance(volume, EmptyDirVolume)
            else (f"{folder}/{container.name}.{volume.name}")
        )
        paths[_mount_path(mount)] = f"{root}/{inside}" if inside else root
        if isinstance(volume, EmptyDirVolume):
            folders.append(f"{root}/{inside}" if inside else root)
        else:
            folders.append(root)
            files |= {f"{root}/{path}": (content, volume.secret) for path, content in _contents(volume, where)}
    return VolumePlan(paths, tuple(folders), tuple((path, *rest) for path, rest in files.items()))


def write_files(folders: Iterable[str], files: Iterable[FileSpec]) -> None:
    """Make folders and files; nobody else can enter a folder that holds a Secret's."""
    for folder in folders:
        Path(folder).mkdir(parents=True, exist_ok=True)
    for file in files:
        path = Path(file.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(file.content)
        path.chmod(file.mode)


def _contents(volume: ConfigMapVolume, where: str) -> list[tuple[str, bytes]]:
    for path in volume.files:
        _relative(path, where)
    return list(volume.files.items())


def _inside(mount: Mount, where: str) -> str:
    return _relative(mount.sub_path, where) if mount.sub_path else ""


def _relative(path: str, where: str) -> str:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts:
        raise ManifestError(f"{path!r} leaves its volume", where=where, mend="write a path below the volume")
    return str(parts)


def _mount_path(mount: Mount) -> str:
    return mount.mount_path.rstrip("/") or "/"
