"""The error tree of the services: each error is one line that names what is wrong, where, and how to mend it.

::

    ServiceError          the service cannot start or go on       exit status 1
    ├── SettingsError     an environment variable is wrong        exit status 2
    ├── ModelError        a model file is missing or unusable
    └── StoreError        a model cannot be brought from its store
"""

from __future__ import annotations

__all__ = ["ModelError", "ServiceError", "SettingsError", "StoreError"]


class ServiceError(Exception):
    """Anything that ends one of these programs with a message and no traceback."""

    exit_status = 1


class SettingsError(ServiceError):
    """An environment variable is missing or has a value that cannot be used."""

    exit_status = 2


class ModelError(ServiceError):
    """A model file is missing, broken, or not the kind of model that the service answers with."""


class StoreError(ServiceError):
    """A model cannot be brought from its store.

    Args:
        message: the source and the reason.
        transient: whether another attempt may go well.
    """

    def __init__(self, message: str, *, transient: bool = False) -> None:
        super().__init__(message)
        self.transient = transient
