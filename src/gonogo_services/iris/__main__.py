"""``python -m gonogo_services.iris``: serve the model at MODEL_FILEPATH."""

from __future__ import annotations

import os

from gonogo_services.environment import Environment
from gonogo_services.iris.app import create_app
from gonogo_services.iris.classifier import Classifier
from gonogo_services.iris.settings import IrisSettings
from gonogo_services.model_file import ModelFile
from gonogo_services.program import exit_with
from gonogo_services.serving.settings import ServerSettings
from gonogo_services.serving.supervisor import serve


def main() -> int:
    """Serve until told to stop and return the exit status."""
    environment = Environment(os.environ)
    server, settings = ServerSettings.from_environment(environment), IrisSettings.from_environment(environment)
    classifier = Classifier(ModelFile.read(settings.model), threads=settings.threads)
    return serve(create_app(classifier), server, name="iris", prepare=classifier.open)


if __name__ == "__main__":
    exit_with("iris", main)
