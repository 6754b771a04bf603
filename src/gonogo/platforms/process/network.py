"""This machine's loopback network: taking an address block, and finding out who is in the way."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterable

import psutil

from gonogo.errors import EnvironmentFault
from gonogo.platforms.process.addresses import BLOCKS, PortNeed
from gonogo.sidecar.claim import claim_one

__all__ = ["check_ports", "claim_block"]


def claim_block(first: int) -> tuple[int, socket.socket]:
    """Take a free block ``127.B.0.0/16``; it is ours while the returned socket, or a copy of it, is open.

    Args:
        first: where to begin to look, any number.

    Raises:
        EnvironmentFault: every block is taken.
    """
    if claimed := claim_one([f"127.{block}" for block in BLOCKS], first):
        which, claim = claimed
        return BLOCKS[which], claim
    raise EnvironmentFault(
        f"all {len(BLOCKS)} address blocks of this machine are taken by running stacks", mend="stop some of them"
    )


def check_ports(needs: Iterable[PortNeed]) -> None:
    """Try every port that the stack needs.

    Raises:
        EnvironmentFault: names every port that is taken or may not be used, who needs it, and who has it.
    """
    faults = [fault for need in needs if (fault := _fault(need))]
    if faults:
        raise EnvironmentFault(
            "; ".join(faults), mend="stop what has the port, or declare another containerPort in the manifest"
        )


def _fault(need: PortNeed) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: connections of an earlier run that wait for their end are not in the way.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((need.address, need.port))
        except OSError as error:
            asked = f"{need.who} needs {need.address}:{need.port}"
            if error.errno == errno.EADDRINUSE:
                return f"{asked}, which is in use{_holder(need)}"
            return f"{asked}: {os.strerror(error.errno or 0).lower()}"
    return ""


def _holder(need: PortNeed) -> str:
    """Return who listens there, as far as this user may see."""
    try:
        connections = psutil.net_connections(kind="tcp")
    except (psutil.Error, OSError):
        return ""
    for each in connections:
        if each.status != psutil.CONN_LISTEN or not each.laddr or each.laddr.port != need.port:
            continue
        if each.laddr.ip not in (need.address, "0.0.0.0", "::"):  # noqa: S104 - compared, not bound
            continue
        at = f"at {each.laddr.ip}:{need.port}"
        if each.pid is None:
            return f" by a process of another user {at}"
        try:
            return f" by {psutil.Process(each.pid).name()} (pid {each.pid}) {at}"
        except psutil.Error:
            return f" by pid {each.pid} {at}"
    return ""
