"""What containers mount: emptyDirs as volumes, ConfigMaps and Secrets as files of this machine. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from gonogo.errors import ManifestError
from gonogo.manifests.topology import ConfigMapVolume, Container, EmptyDirVolume, Mount, Volume, Workload
from gonogo.platforms.docker.place import Place, Sandbox
from gonogo.platforms.docker.spec import MountSpec
from gonogo.platforms.process.volumes import FileSpec

__all__ = ["empty_folders", "mounts", "plan_files"]


def mounts(workload: Workload, container: Container, sandbox: Sandbox, place: Place) -> Iterator[MountSpec]:
    """Return what ``container`` mounts.

    Raises:
        ManifestError: a mount names no volume, or a path leaves its volume.
    """
    for mount in container.mounts:
        volume = _volume(workload, container, mount)
        if isinstance(volume, ConfigMapVolume):
            source = f"{_config_folder(workload, volume.name, place)}/{mount.sub_path}".rstrip("/")
            yield MountSpec(mount.mount_path, source, "bind", read_only=True)
        elif mount.sub_path:
            _, folder = sandbox.volumes[volume.name]
            yield MountSpec(mount.mount_path, f"{folder}/{mount.sub_path}", "bind", read_only=mount.read_only)
        else:
            name, _ = sandbox.volumes[volume.name]
            yield MountSpec(mount.mount_path, name, "volume", read_only=mount.read_only)


def _volume(workload: Workload, container: Container, mount: Mount) -> Volume:
    where = f"{workload.source}: {workload} container {container.name} mount {mount.mount_path}"
    found = next((volume for volume in workload.volumes if volume.name == mount.volume), None)
    if found is None:
        known = ", ".join(sorted(volume.name for volume in workload.volumes)) or "none"
        raise ManifestError(f"there is no volume {mount.volume!r}", where=where, mend=f"the Pod declares: {known}")
    paths = [mount.sub_path, *(found.files if isinstance(found, ConfigMapVolume) else ())]
    for path in paths:
        if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
            raise ManifestError(f"{path!r} leaves its volume", where=where, mend="write a path below the volume")
    return found


def empty_folders(workload: Workload) -> dict[str, tuple[str, ...]]:
    """Return every emptyDir, and the sub-paths of it that containers mount.

    Raises:
        ManifestError: a mount names no volume, or a path leaves its volume.
    """
    subs: dict[str, dict[str, None]] = {
        volume.name: {} for volume in workload.volumes if isinstance(volume, EmptyDirVolume)
    }
    for container in (*workload.init_containers, *workload.containers):
        for mount in container.mounts:
            volume = _volume(workload, container, mount)
            if mount.sub_path and volume.name in subs:
                subs[volume.name][str(PurePosixPath(mount.sub_path))] = None
    return {name: tuple(found) for name, found in subs.items()}


def _config_folder(workload: Workload, volume: str, place: Place) -> str:
    return f"{place.workdir}/volumes/{workload.namespace}_{workload.name}/{volume}"


def plan_files(workload: Workload, place: Place) -> Iterator[FileSpec]:
    """Return the files of the ConfigMaps and Secrets that ``workload`` mounts."""
    for volume in workload.volumes:
        if isinstance(volume, ConfigMapVolume):
            for path, content in volume.files.items():
                # Readable for whatever user the image has: the folder above them all is closed to others.
                yield FileSpec(f"{_config_folder(workload, volume.name, place)}/{path}", bytes(content), secret=False)
