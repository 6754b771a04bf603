"""What the image services need, by file name: models, their labels, and sample images."""

from __future__ import annotations

from pathlib import Path

from gonogo_services.errors import ModelError
from gonogo_services.images import training
from gonogo_services.images.names import ARTIFACTS

__all__ = ["train"]


def train(name: str, path: Path) -> None:
    """Make the file called ``name``, which is that of ``path``, and what is made together with it; the same every time.

    Raises:
        ModelError: nothing has that name, the model is right too rarely, or the folder cannot be written.
    """
    if name not in ARTIFACTS or path.name != name:
        raise ModelError(f"no file of the image services is called {name!r}; there are: {', '.join(sorted(ARTIFACTS))}")
    model = ARTIFACTS[name]
    if model:
        training.train(model, path.parent)
    else:
        training.write_samples(path.parent)
