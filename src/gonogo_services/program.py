"""The edge of every program here: an error becomes one line on standard error and an exit status."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NoReturn

from gonogo_services.errors import ServiceError

__all__ = ["exit_with"]

_INTERRUPTED = 130  # 128 + SIGINT, as shells have it


def exit_with(program: str, main: Callable[[], int]) -> NoReturn:
    """Run ``main`` and exit with the status that it returns, or with that of the ServiceError that it raises."""
    try:
        status = main()
    except ServiceError as error:
        sys.stderr.write(f"{program}: {' '.join(str(error).split())}\n")
        status = error.exit_status
    except KeyboardInterrupt:
        status = _INTERRUPTED
    sys.exit(status)
