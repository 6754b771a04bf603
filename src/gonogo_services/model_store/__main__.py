"""``python -m gonogo_services.model_store``: bring the model that the environment names to MODEL_FILEPATH."""

from __future__ import annotations

import os
import sys
import time

from gonogo_services.environment import Environment
from gonogo_services.model_store.loader import load
from gonogo_services.model_store.registry import open_store
from gonogo_services.model_store.settings import LoaderSettings
from gonogo_services.program import exit_with


def main() -> int:
    """Bring the model and return the exit status."""
    settings = LoaderSettings.from_environment(Environment(os.environ))
    store = open_store(settings.store)
    loaded = load(
        store,
        settings.name,
        settings.destination,
        sha256=settings.sha256,
        sleep=time.sleep,
        clock=time.monotonic,
    )
    source = store.source(settings.name)
    sys.stderr.write(f"{source} is at {settings.destination}: {loaded.size} bytes, SHA-256 {loaded.sha256}\n")
    return 0


if __name__ == "__main__":
    exit_with("model_store", main)
