"""``python -m gonogo_services.composition``: the proxy before the one-vs-rest services, on port 9000."""

from __future__ import annotations

import os
import time

from gonogo_services.composition.administration import Administration, first_parameters
from gonogo_services.composition.app import create_app
from gonogo_services.composition.collection import Collection
from gonogo_services.composition.hangup import OnHangup
from gonogo_services.composition.proxy import Proxy
from gonogo_services.composition.settings import ProxySettings
from gonogo_services.composition.switchboard import Switchboard
from gonogo_services.environment import Environment
from gonogo_services.program import exit_with
from gonogo_services.serving.settings import ServerSettings
from gonogo_services.serving.supervisor import serve


def main() -> int:
    """Serve until told to stop and return the exit status."""
    values = {"PORT": "9000", **os.environ}
    server, settings = ServerSettings.from_environment(Environment(values)), ProxySettings.from_environment(values)
    switchboard = Switchboard(first_parameters(settings, values, who="start", now_s=time.time()))
    collection = Collection(settings.collected_rows, settings.collected_file)
    administration = Administration(settings, switchboard, collection, values)
    app = create_app(Proxy(settings, switchboard, collection), administration)
    with OnHangup(administration.reload):
        return serve(app, server, name="composition", prepare=_nothing)


def _nothing() -> None:
    """Nothing has to be opened before the worker's event loop runs."""


if __name__ == "__main__":
    exit_with("composition", main)
