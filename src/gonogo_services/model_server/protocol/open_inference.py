"""The messages of the Open Inference Protocol, version 2, over gRPC (github.com/kserve/open-inference-protocol)."""

from __future__ import annotations

from typing import Final

from gonogo_services.model_server.protocol.schema import File, Messages

__all__ = [
    "INFERENCE_SERVICE",
    "ModelInferRequest",
    "ModelInferResponse",
    "ModelMetadataRequest",
    "ModelMetadataResponse",
    "ModelReadyRequest",
    "ModelReadyResponse",
    "ServerLiveRequest",
    "ServerLiveResponse",
    "ServerMetadataRequest",
    "ServerMetadataResponse",
    "ServerReadyRequest",
    "ServerReadyResponse",
]

INFERENCE_SERVICE: Final = "inference.GRPCInferenceService"

_PARAMETERS: Final = "map .inference.InferParameter"
_TENSOR: Final = {
    "name": (1, "string"),
    "datatype": (2, "string"),
    "shape": (3, "repeated int64"),
    "parameters": (4, _PARAMETERS),
    "contents": (5, ".inference.InferTensorContents"),
}

_FILE: Final = File(
    "inference",
    {
        "ServerLiveRequest": {},
        "ServerLiveResponse": {"live": (1, "bool")},
        "ServerReadyRequest": {},
        "ServerReadyResponse": {"ready": (1, "bool")},
        "ModelReadyRequest": {"name": (1, "string"), "version": (2, "string")},
        "ModelReadyResponse": {"ready": (1, "bool")},
        "ServerMetadataRequest": {},
        "ServerMetadataResponse": {
            "name": (1, "string"),
            "version": (2, "string"),
            "extensions": (3, "repeated string"),
        },
        "ModelMetadataRequest": {"name": (1, "string"), "version": (2, "string")},
        "ModelMetadataResponse": {
            "name": (1, "string"),
            "versions": (2, "repeated string"),
            "platform": (3, "string"),
            "inputs": (4, "repeated .inference.ModelMetadataResponse.TensorMetadata"),
            "outputs": (5, "repeated .inference.ModelMetadataResponse.TensorMetadata"),
        },
        "ModelMetadataResponse.TensorMetadata": {
            "name": (1, "string"),
            "datatype": (2, "string"),
            "shape": (3, "repeated int64"),
        },
        "InferParameter": {
            "bool_param": (1, "oneof:parameter_choice bool"),
            "int64_param": (2, "oneof:parameter_choice int64"),
            "string_param": (3, "oneof:parameter_choice string"),
        },
        "InferTensorContents": {
            "bool_contents": (1, "repeated bool"),
            "int_contents": (2, "repeated int32"),
            "int64_contents": (3, "repeated int64"),
            "uint_contents": (4, "repeated uint32"),
            "uint64_contents": (5, "repeated uint64"),
            "fp32_contents": (6, "repeated float"),
            "fp64_contents": (7, "repeated double"),
            "bytes_contents": (8, "repeated bytes"),
        },
        "ModelInferRequest": {
            "model_name": (1, "string"),
            "model_version": (2, "string"),
            "id": (3, "string"),
            "parameters": (4, _PARAMETERS),
            "inputs": (5, "repeated .inference.ModelInferRequest.InferInputTensor"),
            "outputs": (6, "repeated .inference.ModelInferRequest.InferRequestedOutputTensor"),
            "raw_input_contents": (7, "repeated bytes"),
        },
        "ModelInferRequest.InferInputTensor": _TENSOR,
        "ModelInferRequest.InferRequestedOutputTensor": {"name": (1, "string"), "parameters": (2, _PARAMETERS)},
        "ModelInferResponse": {
            "model_name": (1, "string"),
            "model_version": (2, "string"),
            "id": (3, "string"),
            "parameters": (4, _PARAMETERS),
            "outputs": (5, "repeated .inference.ModelInferResponse.InferOutputTensor"),
            "raw_output_contents": (6, "repeated bytes"),
        },
        "ModelInferResponse.InferOutputTensor": _TENSOR,
    },
)

_MESSAGES: Final = Messages({"gonogo/open_inference.proto": _FILE})

ServerLiveRequest = _MESSAGES["inference.ServerLiveRequest"]
ServerLiveResponse = _MESSAGES["inference.ServerLiveResponse"]
ServerReadyRequest = _MESSAGES["inference.ServerReadyRequest"]
ServerReadyResponse = _MESSAGES["inference.ServerReadyResponse"]
ModelReadyRequest = _MESSAGES["inference.ModelReadyRequest"]
ModelReadyResponse = _MESSAGES["inference.ModelReadyResponse"]
ServerMetadataRequest = _MESSAGES["inference.ServerMetadataRequest"]
ServerMetadataResponse = _MESSAGES["inference.ServerMetadataResponse"]
ModelMetadataRequest = _MESSAGES["inference.ModelMetadataRequest"]
ModelMetadataResponse = _MESSAGES["inference.ModelMetadataResponse"]
ModelInferRequest = _MESSAGES["inference.ModelInferRequest"]
ModelInferResponse = _MESSAGES["inference.ModelInferResponse"]
