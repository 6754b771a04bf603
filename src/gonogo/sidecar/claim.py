"""Taking one of several loopback address blocks, so that nobody else on this machine takes it meanwhile."""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence

__all__ = ["claim_one"]


def claim_one(blocks: Sequence[str], first: int) -> tuple[int, socket.socket] | None:
    """Take a free one of ``blocks``; it is ours while the returned socket, or a copy of it, is open.

    The claim is a socket bound to an abstract name (unix(7)). Those names live in the network namespace, as the
    addresses do, are seen by every user in it, and vanish with their last holder however that ends.

    Args:
        blocks: such as ``127.16``, in order.
        first: where to begin to look, any number.

    Returns:
        Which of them, counted from 0, and the claim; None when all are taken.
    """
    for offset in range(len(blocks)):
        number = (first + offset) % len(blocks)
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0gonogo-{blocks[number]}")
        except OSError as error:
            claim.close()
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            return number, claim
    return None
