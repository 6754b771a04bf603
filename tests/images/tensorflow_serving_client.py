"""TensorFlow Serving's own generated client against the model server: ``tox -e tensorflow``.

It needs tensorflow-serving-api, which pulls in tensorflow; so it has an environment of its own, and pytest does not
collect it by its name.
"""

from __future__ import annotations

import importlib

import numpy as np

from tests.images.conftest import System


def test_the_generated_client_gets_scores_and_the_signature(plant: System) -> None:
    """Predict and GetModelMetadata, with TensorFlow's own tensors."""
    grpc = importlib.import_module("grpc")
    tensorflow = importlib.import_module("tensorflow")
    apis = "tensorflow_serving.apis"
    predict = importlib.import_module(f"{apis}.predict_pb2")
    metadata = importlib.import_module(f"{apis}.get_model_metadata_pb2")
    service = importlib.import_module(f"{apis}.prediction_service_pb2_grpc")
    with grpc.insecure_channel(plant.grpc) as channel:
        stub = service.PredictionServiceStub(channel)
        request = predict.PredictRequest()
        request.model_spec.name = "plant"
        pixels = np.zeros((2, 64, 64, 3), np.float32)
        request.inputs["image"].CopyFrom(tensorflow.make_tensor_proto(pixels))
        scores = tensorflow.make_ndarray(stub.Predict(request, 30).outputs["scores"])
        asking = metadata.GetModelMetadataRequest(metadata_field=["signature_def"])
        asking.model_spec.name = "plant"
        signatures = metadata.SignatureDefMap()
        assert stub.GetModelMetadata(asking, 30).metadata["signature_def"].Unpack(signatures)
    assert scores.shape == (2, 4)
    assert np.allclose(scores.sum(axis=1), 1, atol=1e-5)
    assert list(signatures.signature_def["serving_default"].inputs) == ["image"]
