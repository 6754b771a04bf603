"""The types of tensors: what onnxruntime, numpy, TensorFlow and the Open Inference Protocol call the same thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

__all__ = ["TensorType", "by_datatype", "by_number", "by_onnx"]


@dataclass(frozen=True, slots=True)
class TensorType:
    """One type of elements.

    Attributes:
        onnx: onnxruntime's name.
        dtype: numpy's.
        tensorflow: number in TensorFlow's enum DataType.
        values: field of TensorProto with single values.
        datatype: the Open Inference Protocol's name.
        contents: field of InferTensorContents with single values; empty: it has none.
    """

    onnx: str
    dtype: np.dtype[Any]
    tensorflow: int
    values: str
    datatype: str
    contents: str


_TYPES: Final = tuple(
    TensorType(onnx, np.dtype(name), number, values, datatype, contents)
    for onnx, name, number, values, datatype, contents in (
        ("tensor(float)", "float32", 1, "float_val", "FP32", "fp32_contents"),
        ("tensor(double)", "float64", 2, "double_val", "FP64", "fp64_contents"),
        ("tensor(int32)", "int32", 3, "int_val", "INT32", "int_contents"),
        ("tensor(uint8)", "uint8", 4, "int_val", "UINT8", "uint_contents"),
        ("tensor(int16)", "int16", 5, "int_val", "INT16", "int_contents"),
        ("tensor(int8)", "int8", 6, "int_val", "INT8", "int_contents"),
        ("tensor(int64)", "int64", 9, "int64_val", "INT64", "int64_contents"),
        ("tensor(bool)", "bool", 10, "bool_val", "BOOL", "bool_contents"),
        ("tensor(uint16)", "uint16", 17, "int_val", "UINT16", "uint_contents"),
        ("tensor(uint32)", "uint32", 22, "uint32_val", "UINT32", "uint_contents"),
        ("tensor(uint64)", "uint64", 23, "uint64_val", "UINT64", "uint64_contents"),
    )
)


def by_onnx(name: str) -> TensorType | None:
    """Return the type that onnxruntime calls ``name``, or None when it is not served."""
    return next((one for one in _TYPES if one.onnx == name), None)


def by_number(number: int) -> TensorType | None:
    """Return the type that has ``number`` in TensorFlow's enum, or None when it is not served."""
    return next((one for one in _TYPES if one.tensorflow == number), None)


def by_datatype(name: str) -> TensorType | None:
    """Return the type that the Open Inference Protocol calls ``name``, or None when it is not served."""
    return next((one for one in _TYPES if one.datatype == name), None)
