"""``python -m gonogo_services.iris``: serve the model at MODEL_FILEPATH."""

from __future__ import annotations

import os

from gonogo_services.environment import Environment
from gonogo_services.iris.app import create_app
from gonogo_services.iris.classifier import Classifier
from gonogo_services.iris.prediction_line import REQUEST_ID, PredictionLine, lost_line
from gonogo_services.iris.settings import IrisSettings
from gonogo_services.model_file import ModelFile
from gonogo_services.program import exit_with
from gonogo_services.serving.log_destination import open_destination
from gonogo_services.serving.prediction_log import PredictionLog
from gonogo_services.serving.settings import ServerSettings
from gonogo_services.serving.supervisor import serve


def main() -> int:
    """Serve until told to stop and return the exit status."""
    environment = Environment(os.environ)
    server, settings = ServerSettings.from_environment(environment), IrisSettings.from_environment(environment)
    classifier = Classifier(ModelFile.read(settings.model), threads=settings.threads)
    app = create_app(classifier, settings.flavour, _prediction_log(settings, classifier.model))
    return serve(app, server, name="iris", prepare=classifier.open)


def _prediction_log(settings: IrisSettings, model: ModelFile) -> PredictionLog | None:
    if not settings.prediction_log:
        return None
    headers = settings.prediction_log_headers
    return PredictionLog(
        open_destination(settings.prediction_log, "PREDICTION_LOG"),
        PredictionLine(model.path.name, model.sha256, headers),
        lost_line,
        [REQUEST_ID, *(name.encode() for name in headers)],
    )


if __name__ == "__main__":
    exit_with("iris", main)
