"""The log of a service: lines on standard error with time, level and process."""

from __future__ import annotations

import logging
import sys

from gonogo_services.serving.settings import ServerSettings

__all__ = ["configure_log"]


def configure_log(settings: ServerSettings) -> None:
    """Send log records of ``settings.log_level`` and above to standard error, and requests if they are asked for."""
    logging.basicConfig(
        stream=sys.stderr,
        level=settings.log_level.upper(),
        format="%(asctime)s %(levelname)s %(process)d %(message)s",
        force=True,
    )
    if settings.log_level != "debug":
        # At info, uvicorn tells of every worker's start and stop; the supervisor says it once for all.
        logging.getLogger("uvicorn.error").setLevel(max(logging.getLogger().level, logging.WARNING))
    logging.getLogger("uvicorn.access").setLevel(logging.INFO if settings.access_log else logging.CRITICAL)
