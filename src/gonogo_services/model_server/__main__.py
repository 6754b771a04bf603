"""``python -m gonogo_services.model_server``: serve the model at MODEL_FILEPATH, REST on 8501 and gRPC on 8500."""

from __future__ import annotations

import os

from gonogo_services.environment import Environment
from gonogo_services.model_file import ModelFile
from gonogo_services.model_server.model import ServedModel
from gonogo_services.model_server.server import create_app
from gonogo_services.model_server.settings import ModelServerSettings
from gonogo_services.program import exit_with
from gonogo_services.serving.listeners import bind_listeners
from gonogo_services.serving.settings import ServerSettings
from gonogo_services.serving.supervisor import serve


def main() -> int:
    """Serve until told to stop and return the exit status."""
    environment = Environment({"PORT": "8501", **os.environ})
    server, settings = ServerSettings.from_environment(environment), ModelServerSettings.from_environment(environment)
    model = ServedModel(ModelFile.read(settings.model), settings.name, threads=settings.threads)
    # gRPC binds its port in the workers; whether it can be had is found out here, before any of them starts.
    for probe in bind_listeners(server.host, settings.grpc_port, 1):
        probe.close()
    return serve(create_app(model, settings, server), server, name=settings.name, prepare=model.open)


if __name__ == "__main__":
    exit_with("model_server", main)
