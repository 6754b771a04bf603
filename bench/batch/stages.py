"""How fast each stage of the job is by itself, in one thread."""

from __future__ import annotations

import time
from collections import defaultdict
from pathlib import Path

import pydantic_core

from bench.batch.subject import Subject
from gonogo_services.batch.chunk import chunk_query, next_query, read_chunk, read_next
from gonogo_services.batch.due import Due, simplified
from gonogo_services.batch.rows import read_chunk as parse_chunk
from gonogo_services.iris.classifier import Classifier
from gonogo_services.model_file import ModelFile

__all__ = ["STAGES", "plan", "stages"]

STAGES = ("read", "parse", "predict", "encode", "write", "commit")


def stages(subject: Subject, model: Path, chunk: int) -> dict[str, float]:
    """Return the seconds of each stage for all rows."""
    classifier = Classifier(ModelFile.read(model))
    classifier.open()
    spent: dict[str, float] = defaultdict(float)
    after: int | None = None
    dialect = subject.database.dialect
    while True:
        marks = [time.perf_counter()]
        with subject.database.writing() as connection:
            skips = dialect.skips_locked(connection)
            due = simplified(connection, Due())
            if dialect.one_writer:
                found, _ = read_next(connection, next_query(dialect, due, 0), (), after, chunk)
            else:
                query = chunk_query(dialect, due, after=after, size=chunk, lock=skips, skip_locked=skips)
                found = read_chunk(connection, query)
            if found is None:
                return dict(spent)
            marks.append(time.perf_counter())
            rows = parse_chunk(found.joined, len(found.ids))
            assert rows is not None
            marks.append(time.perf_counter())
            answers = classifier.probabilities(rows)
            marks.append(time.perf_counter())
            texts = pydantic_core.to_json(answers).decode()
            marks.append(time.perf_counter())
            assert dialect.store(connection, found.ids, texts) == len(found.ids)
            marks.append(time.perf_counter())
        marks.append(time.perf_counter())
        after = found.last
        for name, begin, end in zip(STAGES, marks, marks[1:], strict=False):
            spent[name] += end - begin


def plan(subject: Subject, chunk: int) -> str:
    """Return the database's plan for reading a chunk in the middle of the table, half of which is predicted."""
    dialect = subject.database.dialect
    after = subject.rows // 2
    query = chunk_query(dialect, Due(all_failed=True), after=after, size=chunk, lock=dialect.name != "sqlite")
    with subject.database.reading() as connection:
        statement = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
        prefix = "EXPLAIN QUERY PLAN " if dialect.name == "sqlite" else "EXPLAIN "
        rows = connection.exec_driver_sql((prefix + statement).replace("%%", "%"))
        return "\n".join("  ".join("" if part is None else str(part) for part in row) for row in rows)
