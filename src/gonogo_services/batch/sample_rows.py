"""The sample: a thousand flowers like those of the iris data set, the same ones everywhere."""

from __future__ import annotations

import random
from statistics import NormalDist
from typing import Final

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import IntegrityError

from gonogo_services.batch.database import Database
from gonogo_services.batch.tables import MARK_SAMPLE, items, marks

__all__ = ["SAMPLE_ROWS", "load_sample", "sample_values"]

SAMPLE_ROWS: Final = 1000

_SEED: Final = 1936  # the year of Fisher's paper
_SHORTEST: Final = 0.1

# For each class its mean lengths in centimetres, and the lower Cholesky factor of their covariance, both computed from
# the 50 flowers of that class in the iris data set (Fisher, "The Use of Multiple Measurements in Taxonomic Problems").
_CLASSES: Final = (
    (
        (5.006, 3.428, 1.462, 0.246),
        ((0.352, 0.0, 0.0, 0.0), (0.281, 0.254, 0.0, 0.0), (0.046, -0.005, 0.167, 0.0), (0.029, 0.004, 0.028, 0.097)),
    ),
    (
        (5.936, 2.77, 4.26, 1.326),
        ((0.516, 0.0, 0.0, 0.0), (0.165, 0.267, 0.0, 0.0), (0.354, 0.091, 0.295, 0.0), (0.108, 0.088, 0.091, 0.107)),
    ),
    (
        (6.588, 2.974, 5.552, 2.026),
        ((0.636, 0.0, 0.0, 0.0), (0.147, 0.287, 0.0, 0.0), (0.477, 0.004, 0.278, 0.0), (0.077, 0.126, 0.042, 0.228)),
    ),
)


def sample_values(count: int = SAMPLE_ROWS) -> list[list[float]]:
    """Return ``count`` rows of four lengths in centimetres, to the millimetre; the same on every machine.

    Classes take turns, so that every part of the rows has all of them.
    """
    # Only random() is the same in every Python version; gauss() is not promised to be.
    source, normal = random.Random(_SEED), NormalDist()  # noqa: S311 - not a secret
    rows = []
    for position in range(count):
        means, factor = _CLASSES[position % len(_CLASSES)]
        draws = [normal.inv_cdf(min(max(source.random(), 1e-9), 1 - 1e-9)) for _ in means]
        lengths = [mean + sum(map(float.__mul__, part, draws)) for mean, part in zip(means, factor, strict=True)]
        rows.append([max(_SHORTEST, round(length, 1)) for length in lengths])
    return rows


def load_sample(database: Database) -> int:
    """Load the sample into an empty table and return how many rows were loaded: 0 when it had been done before.

    However many processes do this at the same moment, one of them loads: all want to add the same mark in the
    transaction that adds the rows, and the database lets only one of them.

    Raises:
        DatabaseError: the database is gone, full, or refuses.
    """
    with database.reading() as connection:
        if connection.execute(select(marks).where(marks.c.name == MARK_SAMPLE)).first() is not None:
            return 0
    try:
        with database.writing() as connection:
            return _load(connection)
    except IntegrityError:
        return 0


def _load(connection: Connection) -> int:
    connection.execute(insert(marks).values(name=MARK_SAMPLE))
    if connection.execute(select(func.count()).select_from(items)).scalar_one():
        return 0
    connection.execute(insert(items), [{"values": row} for row in sample_values()])
    return SAMPLE_ROWS
