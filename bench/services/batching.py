"""Measure the model server with and without batches of concurrent requests, in one run.

    python bench/services/batching.py [--duration 5] [--wide 4096]

A closed loop of 16 requests at once, over gRPC from this process, to a model server on CPU 1. Models are the general
image model of this project, and one layer of N by N (--wide N), whose weights do not fit into the cache: there a batch
reads them once.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc.aio
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from gonogo_services.images.training import train
from gonogo_services.model_server.protocol import tensorflow_serving as tfs

_AT_ONCE = 16
_SERVER_CPU = 1


def main() -> None:
    """Run what the command line asks for and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--duration", type=float, default=5.0, help="seconds of each run (5)")
    parser.add_argument("--wide", type=int, default=4096, help="width of the second model's only layer (4096)")
    given = parser.parse_args()
    print(f"load average before: {os.getloadavg()[0]:.2f} on {os.cpu_count()} CPUs")
    print(f"{'model':>10} {'BATCH_ROWS':>10} {'answers/s':>10} {'p50':>9} {'p99':>9}")
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        train("general", folder)
        (folder / "wide.onnx").write_bytes(_wide(given.wide))
        for name, row in (("general", (64, 64, 3)), ("wide", (given.wide,))):
            for rows in (1, 32):
                with _served(folder / f"{name}.onnx", rows) as place:
                    latency_s = np.array(asyncio.run(_load(place, name, row, given.duration)))
                p50, p99 = np.percentile(latency_s, [50, 99]) * 1000
                print(f"{name:>10} {rows:>10} {len(latency_s) / given.duration:>10,.0f} {p50:>6.2f} ms {p99:>6.2f} ms")


def _wide(width: int) -> bytes:
    weights = np.random.default_rng(0).random((width, width), np.float32)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["image", "weights"], ["scores"])],
        "wide",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", width])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", width])],
        [numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


async def _load(place: str, name: str, row: tuple[int, ...], duration_s: float) -> list[float]:
    request = tfs.PredictRequest()
    request.model_spec.name = name
    tensor = request.inputs["image"]
    tensor.dtype = 1
    for size in (1, *row):
        tensor.tensor_shape.dim.add(size=size)
    tensor.tensor_content = np.zeros((1, *row), "<f4").tobytes()
    content = request.SerializeToString()
    latency_s: list[float] = []
    async with grpc.aio.insecure_channel(place) as channel:
        predict = channel.unary_unary(f"/{tfs.PREDICTION_SERVICE}/Predict", bytes, bytes)
        await predict(content)
        end_s = time.monotonic() + duration_s

        async def one_after_the_other() -> None:
            while (begun_s := time.monotonic()) < end_s:
                await predict(content)
                latency_s.append(time.monotonic() - begun_s)

        await asyncio.gather(*(one_after_the_other() for _ in range(_AT_ONCE)))
    return latency_s


@contextmanager
def _served(model: Path, rows: int) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "gonogo_services.model_server"],
        env={
            "PATH": os.environ["PATH"], "PORT": "0", "GRPC_PORT": "0", "MODEL_FILEPATH": str(model),
            "BATCH_ROWS": str(rows),
        },
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {_SERVER_CPU}),  # noqa: PLW1509 - no other thread runs here
    )  # fmt: skip
    try:
        assert process.stderr
        for line in process.stderr:
            if ready := re.search(r"gRPC is served at (\S+)", line):
                break
        else:
            raise SystemExit(f"the model server ended with {process.wait()}")
        yield ready[1]
    finally:
        process.terminate()
        process.wait(30)


if __name__ == "__main__":
    main()
