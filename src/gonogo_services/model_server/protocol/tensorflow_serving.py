"""The messages of TensorFlow Serving's PredictionService and ModelService that are served here.

Names and numbers are those of tensorflow/core/framework/{types,tensor,tensor_shape}.proto,
tensorflow/core/protobuf/meta_graph.proto and tensorflow_serving/apis/{model,predict,get_model_metadata,
get_model_status}.proto; fields that are not used are left out and pass through unread.
"""

from __future__ import annotations

from typing import Final

from gonogo_services.model_server.protocol.schema import File, Messages

__all__ = [
    "DATA_TYPES",
    "MODEL_SERVICE",
    "PREDICTION_SERVICE",
    "GetModelMetadataRequest",
    "GetModelMetadataResponse",
    "GetModelStatusRequest",
    "GetModelStatusResponse",
    "PredictRequest",
    "PredictResponse",
    "SignatureDefMap",
    "TensorProto",
]

PREDICTION_SERVICE: Final = "tensorflow.serving.PredictionService"
MODEL_SERVICE: Final = "tensorflow.serving.ModelService"

DATA_TYPES: Final = {
    "DT_INVALID": 0,
    "DT_FLOAT": 1,
    "DT_DOUBLE": 2,
    "DT_INT32": 3,
    "DT_UINT8": 4,
    "DT_INT16": 5,
    "DT_INT8": 6,
    "DT_STRING": 7,
    "DT_INT64": 9,
    "DT_BOOL": 10,
    "DT_UINT16": 17,
    "DT_HALF": 19,
    "DT_UINT32": 22,
    "DT_UINT64": 23,
}

_TENSORFLOW: Final = File(
    "tensorflow",
    {
        "TensorShapeProto": {"dim": (2, "repeated .tensorflow.TensorShapeProto.Dim"), "unknown_rank": (3, "bool")},
        "TensorShapeProto.Dim": {"size": (1, "int64"), "name": (2, "string")},
        "TensorProto": {
            "dtype": (1, "enum .tensorflow.DataType"),
            "tensor_shape": (2, ".tensorflow.TensorShapeProto"),
            "version_number": (3, "int32"),
            "tensor_content": (4, "bytes"),
            "float_val": (5, "repeated float"),
            "double_val": (6, "repeated double"),
            "int_val": (7, "repeated int32"),
            "string_val": (8, "repeated bytes"),
            "int64_val": (10, "repeated int64"),
            "bool_val": (11, "repeated bool"),
            "half_val": (13, "repeated int32"),
            "uint32_val": (16, "repeated uint32"),
            "uint64_val": (17, "repeated uint64"),
        },
        "TensorInfo": {
            "name": (1, "oneof:encoding string"),
            "dtype": (2, "enum .tensorflow.DataType"),
            "tensor_shape": (3, ".tensorflow.TensorShapeProto"),
        },
        "SignatureDef": {
            "inputs": (1, "map .tensorflow.TensorInfo"),
            "outputs": (2, "map .tensorflow.TensorInfo"),
            "method_name": (3, "string"),
        },
    },
    {"DataType": DATA_TYPES},
)

_SERVING: Final = File(
    "tensorflow.serving",
    {
        "ModelSpec": {
            "name": (1, "string"),
            "version": (2, "oneof:version_choice .google.protobuf.Int64Value"),
            "signature_name": (3, "string"),
            "version_label": (4, "oneof:version_choice string"),
        },
        "PredictRequest": {
            "model_spec": (1, ".tensorflow.serving.ModelSpec"),
            "inputs": (2, "map .tensorflow.TensorProto"),
            "output_filter": (3, "repeated string"),
        },
        "PredictResponse": {
            "outputs": (1, "map .tensorflow.TensorProto"),
            "model_spec": (2, ".tensorflow.serving.ModelSpec"),
        },
        "GetModelMetadataRequest": {
            "model_spec": (1, ".tensorflow.serving.ModelSpec"),
            "metadata_field": (2, "repeated string"),
        },
        "GetModelMetadataResponse": {
            "model_spec": (1, ".tensorflow.serving.ModelSpec"),
            "metadata": (2, "map .google.protobuf.Any"),
        },
        "SignatureDefMap": {"signature_def": (1, "map .tensorflow.SignatureDef")},
        "StatusProto": {"error_code": (1, "int32"), "error_message": (2, "string")},
        "ModelVersionStatus": {
            "version": (1, "int64"),
            "state": (2, "enum .tensorflow.serving.State"),
            "status": (3, ".tensorflow.serving.StatusProto"),
        },
        "GetModelStatusRequest": {"model_spec": (1, ".tensorflow.serving.ModelSpec")},
        "GetModelStatusResponse": {"model_version_status": (1, "repeated .tensorflow.serving.ModelVersionStatus")},
    },
    {"State": {"UNKNOWN": 0, "START": 10, "LOADING": 20, "AVAILABLE": 30, "UNLOADING": 40, "END": 50}},
)

_MESSAGES: Final = Messages({"gonogo/tensorflow.proto": _TENSORFLOW, "gonogo/tensorflow_serving.proto": _SERVING})

TensorProto = _MESSAGES["tensorflow.TensorProto"]
SignatureDefMap = _MESSAGES["tensorflow.serving.SignatureDefMap"]
PredictRequest = _MESSAGES["tensorflow.serving.PredictRequest"]
PredictResponse = _MESSAGES["tensorflow.serving.PredictResponse"]
GetModelMetadataRequest = _MESSAGES["tensorflow.serving.GetModelMetadataRequest"]
GetModelMetadataResponse = _MESSAGES["tensorflow.serving.GetModelMetadataResponse"]
GetModelStatusRequest = _MESSAGES["tensorflow.serving.GetModelStatusRequest"]
GetModelStatusResponse = _MESSAGES["tensorflow.serving.GetModelStatusResponse"]
