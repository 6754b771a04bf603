"""Runs on disk and back."""

from __future__ import annotations

import json
import math
from dataclasses import fields
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures.runs import build_run
from gonogo.errors import MeasurementError, UsageError
from gonogo.runs.extracted import pack, unpack
from gonogo.runs.run import Columns, GeneratorFacts, Run
from gonogo.runs.store import load, save
from gonogo.runs.summary import summarize


def _objects(values: list[object]) -> npt.NDArray[np.object_]:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _varied() -> Run:
    """Return a run with every sort of row and fact."""
    return build_run(
        9,
        error=["", "timeout", "unsent", "cut", "check", "refused", "", "", ""],
        status=[200, 0, 0, 0, 200, 0, 503, 404, 200],
        target=[0, 1, 0, 1, 0, 1, 0, 1, 0],
        targets=("GET /", 'POST /it\'s "quoted" ü'),
        lag_s=np.arange(9) * 1e-5,
        facts={
            "labels": {"model": "iris"},
            "generator": GeneratorFacts((0, 1), 1.5),
            "tightest_limit_s": 0.05,
            "cut_short": "interrupted",
            "valid": False,
            "invalid_reason": "it's late",
        },
    )


def _same(first: Run, second: Run) -> list[str]:
    """Return the names of what differs between two runs."""
    different = [] if first.facts == second.facts else ["facts"]
    for field in fields(Columns):
        left, right = getattr(first.columns, field.name), getattr(second.columns, field.name)
        if field.name == "extracted":
            equal = {name: column.tolist() for name, column in left.items()} == {
                name: column.tolist() for name, column in right.items()
            }
        else:
            exact = left.dtype.kind == "f"
            equal = left.dtype == right.dtype and np.array_equal(left, right, equal_nan=exact)
        different += [] if equal else [field.name]
    return different


def test_stored_run_comes_back_whole(tmp_path: Path) -> None:
    """Every column and every fact is the same after a round trip."""
    save(_varied(), tmp_path)
    assert _same(_varied(), load(tmp_path)) == []


def test_empty_run_comes_back_whole(tmp_path: Path) -> None:
    """A run without requests, of no target, can be stored too."""
    run = build_run(0, targets=())
    save(run, tmp_path)
    assert _same(run, load(tmp_path)) == []


@pytest.mark.parametrize("name", ["", "requests.parquet", "summary.json"])
def test_run_is_found_by_any_of_its_names(tmp_path: Path, name: str) -> None:
    """The folder, the rows and the summary all lead to the run."""
    save(_varied(), tmp_path)
    assert load(tmp_path / name).facts.name == "made-up"


def test_parquet_alone_is_the_whole_run(tmp_path: Path) -> None:
    """The rows carry the facts with them: a copied file is enough."""
    save(_varied(), tmp_path)
    copy = tmp_path / "it's a copy.parquet"
    (tmp_path / "requests.parquet").rename(copy)
    assert _same(_varied(), load(copy)) == []


def test_summary_is_written_beside(tmp_path: Path) -> None:
    """summary.json holds what summarize() says."""
    save(_varied(), tmp_path)
    assert json.loads((tmp_path / "summary.json").read_text()) == json.loads(json.dumps(summarize(_varied())))


def test_rows_read_well_in_sql(tmp_path: Path) -> None:
    """Errors and targets are text, and a time that a request has not got is null."""
    save(_varied(), tmp_path)
    query = "select error, target, status, sent_s from read_parquet(?) where sent_s is null"
    with duckdb.connect() as database:
        rows = database.execute(query, [str(tmp_path / "requests.parquet")]).fetchall()
    assert rows == [("unsent", "GET /", 0, None)]


def test_only_whole_files_stay(tmp_path: Path) -> None:
    """Nothing but the two files is left in the folder."""
    save(_varied(), tmp_path)
    save(_varied(), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["requests.parquet", "summary.json"]


def test_failed_save_leaves_what_was_there(tmp_path: Path) -> None:
    """A run that cannot be stored does not harm the one that is."""
    save(_varied(), tmp_path)
    with pytest.raises(UsageError):
        save(build_run(2, extracted={"status": _objects(["a", "b"])}), tmp_path)
    assert (_same(_varied(), load(tmp_path)), len(list(tmp_path.iterdir()))) == ([], 2)


@pytest.mark.parametrize(
    "values",
    [
        ["iris_svc.onnx", None, "it's"],
        [None, None, None],
        [1, None, -(2**63)],
        [1.5, None, math.inf],
        [True, None, False],
        [1, "a", None],
        [2**70, None, 1],
        [[1, 2], {"a": None}, None],
        [1, 1.5, True],
    ],
    ids=["text", "nothing", "integer", "number", "boolean", "mixed", "huge", "nested", "numbers"],
)
def test_extracted_columns_come_back(tmp_path: Path, values: list[object]) -> None:
    """Fields of answers keep their values and types, and stay missing where they were."""
    run = build_run(3, extracted={"a field": _objects(values), "Other": _objects(["x", None, "y"])})
    save(run, tmp_path)
    found = load(tmp_path).columns.extracted
    assert [(type(value), value) for value in found["a field"]] == [(type(value), value) for value in values]


_JSON = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)


@given(st.lists(_JSON | st.lists(_JSON, max_size=3) | st.dictionaries(st.text(max_size=3), _JSON, max_size=3)))
def test_packing_loses_nothing(values: list[object]) -> None:
    """Whatever an answer's field holds is unpacked as it was packed."""
    packed = pack(_objects(values))
    assert unpack(packed.kind, packed.values, packed.present).tolist() == values


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(max_size=12), min_size=1, max_size=4, unique=True))
def test_any_target_name_comes_back(tmp_path: Path, names: list[str]) -> None:
    """Names of targets are text from users: any of them survives."""
    run = build_run(8, target=np.arange(8) % len(names), targets=tuple(names))
    save(run, tmp_path)
    assert _same(run, load(tmp_path)) == []


def test_targets_of_one_name_become_one(tmp_path: Path) -> None:
    """Rows of targets with the same name come back as the first of them."""
    save(build_run(4, target=[0, 1, 2, 1], targets=("a", "b", "b")), tmp_path)
    assert load(tmp_path).columns.target.tolist() == [0, 1, 1, 1]


def test_missing_run_says_so(tmp_path: Path) -> None:
    """A folder without a run is a usage error with the way out."""
    with pytest.raises(UsageError, match=r"there is no requests\.parquet; give the folder of a stored run"):
        load(tmp_path)


def test_folder_of_runs_names_them(tmp_path: Path) -> None:
    """A folder that holds runs deeper down names them."""
    save(_varied(), tmp_path / "runs" / "first")
    with pytest.raises(UsageError, match="first"):
        load(tmp_path)


def test_foreign_file_is_refused(tmp_path: Path) -> None:
    """A file of another kind is no run."""
    (tmp_path / "results.csv").write_text("a,b\n")
    with pytest.raises(UsageError, match="this file is no run"):
        load(tmp_path / "results.csv")


def test_foreign_parquet_is_refused(tmp_path: Path) -> None:
    """A Parquet file that holds something else is no run."""
    with duckdb.connect() as database:
        database.sql("select 1 as a").write_parquet(str(tmp_path / "other.parquet"))
    with pytest.raises(UsageError, match="holds no run"):
        load(tmp_path / "other.parquet")


@pytest.mark.parametrize("size", [0, 3, 100, -10])
def test_truncated_file_is_refused(tmp_path: Path, size: int) -> None:
    """A file that broke off says which one and what to give instead."""
    save(_varied(), tmp_path)
    path = tmp_path / "requests.parquet"
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(UsageError, match=r"requests\.parquet: .*; give the folder"):
        load(tmp_path)


def test_unwritable_folder_is_refused(tmp_path: Path) -> None:
    """A folder that is a file cannot take a run."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(UsageError, match="cannot be stored"):
        save(_varied(), tmp_path / "taken")


@pytest.mark.parametrize("name", ["status", "STATUS", ""])
def test_extracted_names_must_be_their_own(tmp_path: Path, name: str) -> None:
    """A field of answers cannot take the place of a column that every run has."""
    with pytest.raises(UsageError, match="extracted column"):
        save(build_run(1, extracted={name: _objects(["x"])}), tmp_path)


def test_columns_are_of_one_length() -> None:
    """A run whose columns do not match is refused where it is made."""
    with pytest.raises(MeasurementError, match="column mode has 1 rows, not 2"):
        build_run(2, extracted={"mode": _objects(["x"])})


def test_facts_are_finite() -> None:
    """A span of time that is no number is refused where it is made."""
    with pytest.raises(MeasurementError, match="attack_s is nan"):
        build_run(2, facts={"attack_s": math.nan})
