"""Connections whose certificate nobody checks, because the kubeconfig says so or because none could vouch.

urllib3 warns on each request of them. The person has said it once, in the kubeconfig, and under pytest a warning may be
an error; the platform tells it as a note instead.
"""

from __future__ import annotations

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPSConnection

__all__ = ["accept"]


class _Connection(HTTPSConnection):
    def connect(self) -> None:
        """Connect, and count as verified."""
        super().connect()
        self.is_verified = True


class _Pool(HTTPSConnectionPool):
    ConnectionCls = _Connection


def accept(manager: PoolManager) -> None:
    """Have ``manager`` make such connections without a warning each."""
    manager.pool_classes_by_scheme = {"http": HTTPConnectionPool, "https": _Pool}
