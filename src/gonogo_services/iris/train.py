"""``python -m gonogo_services.iris.train --out FOLDER``: train the models and write them to a folder."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gonogo_services.iris.training import RECIPES, train
from gonogo_services.model_file import ModelFile
from gonogo_services.program import exit_with


def main() -> int:
    """Train what the command line asks for and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m gonogo_services.iris.train", description="Train the iris models.")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where to write the models")
    folder: Path = parser.parse_args().out
    for name in RECIPES:
        path = folder / name
        train(name, path)
        sys.stdout.write(f"{path} sha256 {ModelFile.read(path).sha256}\n")
    return 0


if __name__ == "__main__":
    exit_with("train", main)
