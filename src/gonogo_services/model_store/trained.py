"""The store of the models that this package can train: nothing has to be kept anywhere before the first use."""

from __future__ import annotations

from collections.abc import Iterator

from gonogo_services.errors import ModelError, SettingsError, StoreError
from gonogo_services.iris.cache import cached_model
from gonogo_services.model_store.folder import FolderStore

__all__ = ["TrainedStore"]


class TrainedStore:
    """Models by the name of their recipe, trained into the user's cache on first use.

    Args:
        location: ``trained://``, with nothing behind it.

    Raises:
        SettingsError: something stands behind it.
    """

    def __init__(self, location: str) -> None:
        if location != "trained://":
            raise SettingsError(f"MODEL_STORE={location!r}: nothing may follow trained://; MODEL_NAME names the recipe")

    def source(self, name: str) -> str:
        """Return the model's name with the scheme."""
        return f"trained://{name}"

    def chunks(self, name: str) -> Iterator[bytes]:
        """Give the trained model, training it when the cache does not have it."""
        try:
            path = cached_model(name)
        except ModelError as error:
            raise StoreError(str(error)) from error
        return FolderStore(str(path.parent)).chunks(path.name)
