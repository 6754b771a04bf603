"""The image of the container that holds a Pod's network: one program of a few bytes that waits for ever.

A Pod's containers share one network and may be started again without losing it, so something that never ends must own
it. Kubernetes has its ``pause`` image for that. No image needs to be fetched for this one: it is made here, an ELF file
of one segment whose only instruction is pause(2).
"""

from __future__ import annotations

import io
import platform
import struct
import tarfile
from typing import Final

import docker

from gonogo.errors import EnvironmentFault
from gonogo.platforms.docker.daemon import told

__all__ = ["PAUSE_IMAGE", "archive", "ensure_pause", "program"]

PAUSE_IMAGE: Final = "gonogo/pause:1"

_BASE = 0x400000
_HEADERS = 0x78
_MACHINES: Final = {
    # platform.machine(): e_machine of elf(5), and a loop around the system call pause (or ppoll without arguments)
    "x86_64": (62, bytes.fromhex("b8220000000f05ebf7")),  # mov eax, 34; syscall; jmp back
    "aarch64": (
        183,  # mov x0..x4, 0; mov x8, 73; svc 0; b back
        struct.pack(
            "<8I", 0xD2800000, 0xD2800001, 0xD2800002, 0xD2800003, 0xD2800004, 0xD2800928, 0xD4000001, 0x17FFFFF9
        ),
    ),
}


def program(machine: str) -> bytes:
    """Return the program for a machine, as ``platform.machine()`` names it.

    Raises:
        EnvironmentFault: there is none.
    """
    if machine not in _MACHINES:
        raise EnvironmentFault(
            f"the docker platform does not run on {machine}", mend=f"use one of {', '.join(sorted(_MACHINES))}"
        )
    number, code = _MACHINES[machine]
    size = _HEADERS + len(code)
    # elf(5): 64 bits, little endian, executable, entry behind the headers, one program header.
    ident = b"\x7fELF" + bytes([2, 1, 1, 0]) + bytes(8)
    header = ident + struct.pack("<HHIQQQIHHHHHH", 2, number, 1, _BASE + _HEADERS, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    # One readable and executable segment (flags 5): the whole file.
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _BASE, _BASE, size, size, 0x1000)
    return header + segment + code


def archive(folders: tuple[str, ...] = (), files: tuple[tuple[str, bytes], ...] = ()) -> bytes:
    """Return a tar archive with folders that everybody may write to and programs that everybody may run."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for path in folders:
            folder = tarfile.TarInfo(path)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o777
            tar.addfile(folder)
        for path, content in files:
            file = tarfile.TarInfo(path)
            file.mode, file.size = 0o755, len(content)
            tar.addfile(file, io.BytesIO(content))
    return packed.getvalue()


def ensure_pause(client: docker.DockerClient) -> None:
    """Make the image when the daemon does not have it."""
    with told("make the image that holds a Pod's network"):
        if not client.images.list(PAUSE_IMAGE):
            client.api.import_image_from_data(
                archive(files=(("pause", program(platform.machine())),)),
                *PAUSE_IMAGE.split(":"),
                changes=['ENTRYPOINT ["/pause"]', "LABEL dev.gonogo.image=pause"],
            )
