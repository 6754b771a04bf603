"""Inference services that ship with gonogo to be judged by it.

Every program of this package starts here, so what must be in the environment before a library is loaded is set here.
"""

import os

# onnxruntime reports its use to its makers over the network unless told not to, from a thread that a fork would lose.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
# numpy's BLAS would start a thread per core when loaded; the workers are the parallelism, and forks want no threads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
