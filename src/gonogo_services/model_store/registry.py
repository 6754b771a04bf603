"""Which store stands behind which kind of address. A new kind is one new module and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from gonogo_services.errors import SettingsError
from gonogo_services.model_store.folder import FolderStore
from gonogo_services.model_store.gcs import GcsStore
from gonogo_services.model_store.s3 import S3Store
from gonogo_services.model_store.store import Store
from gonogo_services.model_store.trained import TrainedStore
from gonogo_services.model_store.web import WebStore

__all__ = ["STORES", "open_store"]

STORES: Final[Mapping[str, Callable[[str], Store]]] = {
    "file": FolderStore,
    "gs": GcsStore,
    "http": WebStore,
    "https": WebStore,
    "s3": S3Store,
    "trained": TrainedStore,
}


def open_store(location: str) -> Store:
    """Return the store at ``location``: an address with a scheme of ``STORES``, or the path of a folder.

    Raises:
        SettingsError: no store has that scheme, or the address is wrong.
    """
    scheme, separator, _ = location.partition("://")
    if not separator:
        return FolderStore(location)
    if scheme.lower() not in STORES:
        known = ", ".join(f"{name}://" for name in sorted(STORES))
        raise SettingsError(f"MODEL_STORE: no store is known for {scheme}://; use one of {known}, or a folder's path")
    return STORES[scheme.lower()](location)
