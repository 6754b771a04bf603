"""Where a log of predictions goes: standard output, or the end of a file."""

from __future__ import annotations

import os

from gonogo_services.errors import SettingsError

__all__ = ["STANDARD_OUTPUT", "open_destination"]

STANDARD_OUTPUT = "-"


def open_destination(place: str, variable: str) -> int:
    """Return a descriptor for the file at ``place``, opened to append and made when it is not there, or ``-``.

    Args:
        place: path of the file.
        variable: name of the environment variable that says so, for the complaint.

    Raises:
        SettingsError: the file cannot be opened.
    """
    if place == STANDARD_OUTPUT:
        return 1
    try:
        # Without O_NONBLOCK, a named pipe would hold up the start until somebody reads it.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        descriptor = os.open(place, flags, mode=0o640)
    except OSError as error:
        raise SettingsError(f"{variable}={place!r} cannot be opened to append: {error.strerror}") from error
    os.set_blocking(descriptor, True)
    return descriptor
