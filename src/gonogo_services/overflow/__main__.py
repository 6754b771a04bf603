"""``python -m gonogo_services.overflow``: take requests now, have them answered later, on port 8080."""

from __future__ import annotations

import os

from gonogo_services.environment import Environment
from gonogo_services.overflow.app import create_app
from gonogo_services.overflow.settings import OverflowSettings
from gonogo_services.overflow.shelves import open_shelves
from gonogo_services.program import exit_with
from gonogo_services.serving.settings import ServerSettings
from gonogo_services.serving.supervisor import serve


def main() -> int:
    """Serve until told to stop and return the exit status."""
    values = {"PORT": "8080", **os.environ}
    server, settings = ServerSettings.from_environment(Environment(values)), OverflowSettings.from_environment(values)
    # A store that cannot be opened stops the start, with its reason.
    return serve(create_app(settings), server, name="overflow", prepare=lambda: _check(settings))


def _check(settings: OverflowSettings) -> None:
    open_shelves(settings.queue).queue.queue_size()


if __name__ == "__main__":
    exit_with("overflow", main)
