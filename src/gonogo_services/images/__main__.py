"""``python -m gonogo_services.images``: the proxy before a model server, on port 8000."""

from __future__ import annotations

import os

from gonogo_services.environment import Environment
from gonogo_services.images.app import create_app
from gonogo_services.images.proxy import ImageProxy
from gonogo_services.images.settings import ImageProxySettings
from gonogo_services.program import exit_with
from gonogo_services.serving.settings import ServerSettings
from gonogo_services.serving.supervisor import serve


def main() -> int:
    """Serve until told to stop and return the exit status."""
    environment = Environment(os.environ)
    server, settings = ServerSettings.from_environment(environment), ImageProxySettings.from_environment(environment)
    return serve(create_app(ImageProxy(settings)), server, name="image proxy", prepare=_nothing)


def _nothing() -> None:
    """Nothing has to be opened before the worker's event loop runs."""


if __name__ == "__main__":
    exit_with("images", main)
