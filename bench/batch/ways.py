"""Ways to predict and store rows, or only to store: the job, the database's own bulk update, and row by row."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from sqlalchemy import JSON, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from bench.batch.subject import Subject
from gonogo_services.iris.classifier import Classifier
from gonogo_services.model_file import ModelFile

__all__ = ["bulk_constant", "bulk_prepared", "job", "keep_prepared", "row_by_row"]

_NOW = {"sqlite": "strftime('%Y-%m-%d %H:%M:%f000', 'now')", "mysql": "UTC_TIMESTAMP(6)", "postgresql": "now()"}
_CONSTANT = "[0.9712345600128174,0.015612345600128174,0.0131530938193202]"
_THREADS = 4


def keep_prepared(subject: Subject) -> None:
    """Keep the predictions that are in the table in a table of their own, for ``bulk_prepared``."""
    kind = {"sqlite": "TEXT", "mysql": "LONGTEXT", "postgresql": "JSON"}[subject.dialect]
    key = {"sqlite": "INTEGER"}.get(subject.dialect, "BIGINT")
    subject.execute(
        "DROP TABLE IF EXISTS prepared",
        f"CREATE TABLE prepared (id {key} PRIMARY KEY, prediction {kind})",
        "INSERT INTO prepared SELECT id, prediction FROM items",
    )
    if subject.dialect == "postgresql":
        subject.execute("ANALYZE prepared")


def bulk_prepared(subject: Subject) -> float:
    """Return the seconds of one UPDATE that takes every row's prediction from a table that has them already."""
    now = _NOW[subject.dialect]
    if subject.dialect == "mysql":
        statement = (
            "UPDATE items JOIN prepared ON prepared.id = items.id "  # noqa: S608 - constants
            f"SET items.prediction = prepared.prediction, items.updated_datetime = {now}"
        )
    else:
        statement = (
            f"UPDATE items SET prediction = prepared.prediction, updated_datetime = {now} "  # noqa: S608 - constants
            "FROM prepared WHERE prepared.id = items.id"
        )
    return _timed(subject, statement)


def bulk_constant(subject: Subject) -> float:
    """Return the seconds of one UPDATE that gives every row the same prediction."""
    now = _NOW[subject.dialect]
    return _timed(subject, f"UPDATE items SET prediction = '{_CONSTANT}', updated_datetime = {now}")  # noqa: S608


def job(subject: Subject, model: Path, *arguments: str, jobs: int = 1) -> tuple[float, float, int]:
    """Run jobs at the same time.

    Returns:
        The seconds from the count of the rows to the last commit (of the slowest job), those of the whole processes,
        and the rows predicted.
    """
    command = [sys.executable, "-m", "gonogo_services.batch.job", *arguments]
    environment = {**os.environ, "DATABASE_URL": subject.url, "MODEL_FILEPATH": str(model)}
    began = time.perf_counter()
    started = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(jobs)
    ]
    outputs = [process.communicate() for process in started]
    took = time.perf_counter() - began
    for process, (_, said) in zip(started, outputs, strict=True):
        if process.returncode != 0:
            raise RuntimeError(said)
    summaries = [json.loads(out) for out, _ in outputs]
    return max(found["seconds"] for found in summaries), took, sum(found["predicted"] for found in summaries)


class _Base(DeclarativeBase):
    pass


class _Item(_Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    values: Mapped[list[float]] = mapped_column(JSON)
    prediction: Mapped[list[float] | None] = mapped_column(JSON(none_as_null=True))


def row_by_row(subject: Subject, model: Path, rows: int) -> float:
    """Return the seconds for ``rows`` rows the usual way: objects, 4 threads that predict, one commit a row."""
    classifier = Classifier(ModelFile.read(model))
    classifier.open()
    engine = create_engine(subject.url)
    began = time.perf_counter()
    with Session(engine) as session, ThreadPoolExecutor(_THREADS) as pool:
        found = session.query(_Item).filter(_Item.prediction.is_(None)).order_by(_Item.id).limit(rows).all()
        given = [(item.id, item.values) for item in found]
        answers = list(
            pool.map(lambda pair: (pair[0], classifier.probabilities(np.array([pair[1]], np.float32))[0]), given)
        )
        for row, answer in answers:
            item = session.get_one(_Item, row)
            item.prediction = answer
            session.commit()
    took = time.perf_counter() - began
    engine.dispose()
    return took


def _timed(subject: Subject, statement: str) -> float:
    with subject.plain.connect() as connection:
        if subject.dialect == "sqlite":
            connection.exec_driver_sql("PRAGMA synchronous = FULL")
        began = time.perf_counter()
        connection.exec_driver_sql(statement)
        return time.perf_counter() - began
