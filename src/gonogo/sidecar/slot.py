"""Loopback addresses of a sidecar's own: 127.1.S.n is where the n-th Service is reached through sidecar S."""

from __future__ import annotations

import errno
import os
import socket
from dataclasses import dataclass
from typing import Final

from gonogo.errors import EnvironmentFault, UsageError
from gonogo.mesh.sidecar import Address
from gonogo.sidecar.claim import claim_one

__all__ = ["Slot", "claim_slot"]

_SLOTS: Final = range(1, 255)
_MOST: Final = 250


@dataclass(frozen=True, slots=True)
class Slot:
    """One block 127.1.S.0/24, taken as long as ``claim`` is open."""

    number: int
    claim: socket.socket

    def address(self, service: int, port: int) -> Address:
        """Return where requests for ``port`` of the Service with the number ``service``, from 1 on, are taken.

        A port that this user may not listen on, or that something else has, is replaced by a free one.

        Raises:
            UsageError: there are more Services than addresses.
            EnvironmentFault: nothing can listen there.
        """
        if not 1 <= service <= _MOST:
            raise UsageError(f"Service {service} of a sidecar", mend=f"a sidecar reaches at most {_MOST} Services")
        ip = f"127.1.{self.number}.{service}"
        try:
            return Address(ip, _listenable(ip, port))
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EPERM):
                raise _taken(ip, port, error) from error
        try:
            return Address(ip, _listenable(ip, 0))
        except OSError as error:
            raise _taken(ip, 0, error) from error

    def close(self) -> None:
        """Give the block back."""
        self.claim.close()


def claim_slot(first: int) -> Slot:
    """Take a free block; the search begins at ``first``, any number.

    Raises:
        EnvironmentFault: every block is taken.
    """
    if claimed := claim_one([f"127.1.{number}" for number in _SLOTS], first):
        which, claim = claimed
        return Slot(_SLOTS[which], claim)
    raise EnvironmentFault(f"all {len(_SLOTS)} address blocks for sidecars are taken", mend="stop some of the stacks")


def _listenable(ip: str, port: int) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((ip, port))
        return int(probe.getsockname()[1])


def _taken(ip: str, port: int, error: OSError) -> EnvironmentFault:
    return EnvironmentFault(
        f"the sidecar cannot listen on {ip}:{port}: {os.strerror(error.errno or 0).lower()}",
        mend="stop what has the port on all addresses, or declare another port of the Service",
    )
