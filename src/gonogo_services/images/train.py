"""``python -m gonogo_services.images.train --out FOLDER``: train the image models, draw the samples."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gonogo_services.images.recipes import RECIPES
from gonogo_services.images.training import train, write_samples
from gonogo_services.program import exit_with


def main() -> int:
    """Train the models and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m gonogo_services.images.train", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where to write models and samples")
    folder: Path = parser.parse_args().out
    for name in RECIPES:
        accuracy = train(name, folder)
        sys.stdout.write(f"{folder / name}.onnx is right on {accuracy:.1%} of images that it was not trained on\n")
    write_samples(folder)
    return 0


if __name__ == "__main__":
    exit_with("train", main)
