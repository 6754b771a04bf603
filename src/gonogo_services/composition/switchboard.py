"""The parameters as all workers share them: a change by one holds for the next request on any."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from gonogo_services.composition.parameters import Parameters
from gonogo_services.composition.shared_memory import SharedMemory
from gonogo_services.errors import SettingsError

__all__ = ["Switchboard"]

_SIZE: Final = 1 << 16
_VERSION: Final = struct.Struct("=Q")
_LENGTHS: Final = struct.Struct("=II")
_HEADER: Final = 16
_SLOT: Final = (_SIZE - _HEADER) // 2


class Switchboard:
    """Parameters in shared memory, to be made before workers are forked.

    A request compares one number, the version, with that of the copy which its worker has. A change is written beside
    the current parameters, and the version, written last, makes it the current one.

    Args:
        parameters: the first ones.
    """

    def __init__(self, parameters: Parameters) -> None:
        self._memory = SharedMemory(_SIZE)
        self._versions = memoryview(self._memory.bytes)[: _VERSION.size].cast("Q")
        self._copy = parameters
        with self._memory.locked():
            self._publish(parameters)

    @property
    def current(self) -> Parameters:
        """The parameters that hold now."""
        if self._versions[0] != self._copy.version:
            with self._memory.locked():
                self._copy = self._read()
        return self._copy

    def change(self, change: Callable[[Parameters], Parameters]) -> tuple[Parameters, Parameters]:
        """Replace the parameters with what ``change`` makes of the current ones; return those before and those after.

        Raises:
            SettingsError: ``change`` raises it, or the outcome is too large; the parameters stay as they are.
        """
        with self._memory.locked():
            before = self._read()
            after = change(before)
            self._publish(after)
        return before, after

    def _read(self) -> Parameters:
        slot = self._versions[0] % 2
        length = _LENGTHS.unpack_from(self._memory.bytes, _VERSION.size)[slot]
        start = _HEADER + slot * _SLOT
        return Parameters.from_bytes(self._memory.bytes[start : start + length])

    def _publish(self, parameters: Parameters) -> None:
        content = parameters.to_bytes()
        if len(content) > _SLOT:
            raise SettingsError(f"the parameters need {len(content)} bytes; at most {_SLOT} are shared between workers")
        slot = parameters.version % 2
        start = _HEADER + slot * _SLOT
        self._memory.bytes[start : start + len(content)] = content
        lengths = list(_LENGTHS.unpack_from(self._memory.bytes, _VERSION.size))
        lengths[slot] = len(content)
        _LENGTHS.pack_into(self._memory.bytes, _VERSION.size, *lengths)
        self._versions[0] = parameters.version
