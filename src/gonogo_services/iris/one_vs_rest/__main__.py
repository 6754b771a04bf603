"""``python -m gonogo_services.iris.one_vs_rest``: serve the one-vs-rest model of the class MODE."""

from __future__ import annotations

import os

from gonogo_services.environment import Environment
from gonogo_services.iris.one_vs_rest.app import create_app
from gonogo_services.iris.one_vs_rest.classifier import OneVsRest
from gonogo_services.iris.one_vs_rest.settings import OneVsRestSettings, server_settings
from gonogo_services.model_file import ModelFile
from gonogo_services.program import exit_with
from gonogo_services.serving.supervisor import serve


def main() -> int:
    """Serve until told to stop and return the exit status."""
    settings = OneVsRestSettings.from_environment(Environment(os.environ))
    classifier = OneVsRest(ModelFile.read(settings.model), settings.mode)
    server = server_settings(os.environ, settings.mode)
    return serve(create_app(classifier), server, name=f"iris-{settings.mode}", prepare=classifier.open)


if __name__ == "__main__":
    exit_with("one_vs_rest", main)
