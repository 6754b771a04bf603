"""``python -m gonogo_services.iris.one_vs_rest.train --out FOLDER``: train the three models into a folder."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gonogo_services.iris.one_vs_rest.names import MODELS
from gonogo_services.iris.one_vs_rest.training import train
from gonogo_services.model_file import ModelFile
from gonogo_services.program import exit_with


def main() -> int:
    """Train the models and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m gonogo_services.iris.one_vs_rest.train", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where to write the models")
    folder: Path = parser.parse_args().out
    for name in MODELS:
        train(name, folder / name)
        sys.stdout.write(f"{folder / name} sha256 {ModelFile.read(folder / name).sha256}\n")
    return 0


if __name__ == "__main__":
    exit_with("train", main)
