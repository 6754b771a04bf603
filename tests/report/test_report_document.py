"""judgment.json: strict JSON by its schema, read back as what was written, and refused when it is something else."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.errors import UsageError
from gonogo.gate.judgment import Judgment
from gonogo.report.document import dump_judgment, schema
from gonogo.report.portable import number, portable
from gonogo.report.reader import read
from gonogo.verdicts.verdict import Outcome

SCHEMA_FILE = Path(__file__).parents[2] / "docs" / "judgment.schema.json"


def strict(text: str) -> Any:  # noqa: ANN401 - what JSON holds
    """Parse JSON without the constants that Python adds to it."""

    def refuse(constant: str) -> float:
        raise AssertionError(constant)

    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize("complete", [True, False])
@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_judgment_fits_the_schema(
    make_judgment: Callable[..., Judgment],
    outcome: Outcome,
    complete: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Unknown and infinite figures, empty and full fields, are all strict JSON by docs/judgment.schema.json."""
    document = strict(dump_judgment(make_judgment(outcome=outcome, complete=complete)))
    jsonschema.validate(document, json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))


def test_the_schema_in_docs_is_the_one_that_the_reader_uses() -> None:
    """docs/judgment.schema.json is made from the models, and says so for every field."""
    assert json.loads(SCHEMA_FILE.read_text(encoding="utf-8")) == schema()


def test_the_contract_with_scripts_stands(good: Judgment) -> None:
    """The keys that design and documentation promise are there."""
    document = strict(dump_judgment(good))
    assert {"verdict", "reason", "complete", "criteria", "tests", "runs", "findings", "provenance"} <= document.keys()
    promised = {"test", "run", "expression", "observed", "low", "high", "limit", "n", "confidence", "verdict", "reason"}
    assert promised <= document["criteria"][0].keys()
    assert document["verdict"] == "GO"


def test_infinite_and_unknown_figures_differ(make_judgment: Callable[..., Judgment]) -> None:
    """A p99 that was never reached is "Infinity", one that nobody saw is null."""
    criteria = strict(dump_judgment(make_judgment()))["criteria"]
    observed = {entry["expression"]: entry["observed"] for entry in criteria}
    assert observed["p99[POST /predict] <= 50ms"] == "Infinity"
    assert observed["p50 <= 50ms"] is None


@pytest.mark.parametrize("as_folder", [True, False])
def test_what_was_written_is_read(
    tmp_path: Path,
    make_judgment: Callable[..., Judgment],
    as_folder: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Reading a folder or its file gives a judgment that is written as the same text."""
    text = dump_judgment(make_judgment(runs=2))
    (tmp_path / "judgment.json").write_text(text, encoding="utf-8")
    assert dump_judgment(read(tmp_path if as_folder else tmp_path / "judgment.json")) == text


def test_a_judgment_that_was_read_equals_the_one_that_was_written(tmp_path: Path, good: Judgment) -> None:
    """The value itself comes back, not only its text."""
    (tmp_path / "judgment.json").write_text(dump_judgment(good), encoding="utf-8")
    assert read(tmp_path) == good


def test_fields_of_a_later_version_are_passed_over(tmp_path: Path, good: Judgment) -> None:
    """A reader of version 1 understands what a later one adds to."""
    document = {**json.loads(dump_judgment(good)), "weather": "fine"}
    (tmp_path / "judgment.json").write_text(json.dumps(document), encoding="utf-8")
    assert read(tmp_path) == good


FOREIGN = {
    "no JSON": ("verdict: GO", "this is no JSON"),
    "Python's NaN": ('{"schema": "gonogo.judgment/1", "verdict": NaN}', "NaN is no JSON"),
    "a list": ("[]", "no judgment"),
    "another program's": ('{"requests": 100}', "no judgment"),
    "another version": ('{"schema": "gonogo.judgment/99"}', "gonogo.judgment/99"),
    "half of it": ('{"schema": "gonogo.judgment/1", "verdict": "GO"}', "damaged: reason: Field required"),
    "no text": ("\x00\xff", "no JSON"),
}


@pytest.mark.parametrize(("text", "message"), FOREIGN.values(), ids=FOREIGN.keys())
def test_a_foreign_file_is_refused_in_words(tmp_path: Path, text: str, message: str) -> None:
    """What was found, where, and what to give instead, in one line."""
    file = tmp_path / "judgment.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        read(tmp_path)
    assert message in str(caught.value)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("verdict", ["MAYBE", "go", 1, None])
def test_an_unknown_verdict_is_damage(tmp_path: Path, good: Judgment, verdict: object) -> None:
    """Nothing but the three outcomes is read as one."""
    document = {**json.loads(dump_judgment(good)), "verdict": verdict}
    (tmp_path / "judgment.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(UsageError, match="damaged: verdict"):
        read(tmp_path)


def test_a_figure_that_is_no_number_is_damage(tmp_path: Path, good: Judgment) -> None:
    """Text that looks like a number is not taken for one."""
    document = json.loads(dump_judgment(good))
    document["criteria"][0]["observed"] = "0.01"
    (tmp_path / "judgment.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(UsageError, match=r"damaged: criteria\.0\.observed"):
        read(tmp_path)


def test_a_folder_without_a_judgment_is_named(tmp_path: Path) -> None:
    """The error names the file that is missing."""
    with pytest.raises(UsageError, match=r"judgment\.json: no judgment can be read here"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (math.nan, None),
        (-math.inf, "-Infinity"),
        (np.float64(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),  # noqa: FBT003 - the value under test
        (np.array([1.0, math.inf]), [1.0, "Infinity"]),
        (Path("/tmp/x"), "/tmp/x"),  # noqa: S108 - no file is made
        (b"caf\xc3\xa9\xff", "café�"),
        ({1: {"a", "b"}}, {"1": ["a", "b"]}),
        (datetime(2025, 6, 1, tzinfo=UTC), "2025-06-01T00:00:00+00:00"),
        (Outcome.NO_GO, "NO-GO"),
        ("\x1b[31m\ud800\u202e", "␛[31m��"),
    ],
)
def test_whatever_a_session_knows_can_be_written(value: object, written: object) -> None:
    """Numbers of any library, paths, bytes, sets and odd text become strict JSON."""
    assert portable(value) == written
    json.dumps(portable(value), allow_nan=False).encode()


@given(st.floats())
def test_a_figure_survives_the_way_to_json_and_back(value: float) -> None:
    """Every float, NaN and the infinities too, is read as it was written."""
    back = number(json.loads(json.dumps(portable(value), allow_nan=False)))
    assert back == value or (math.isnan(back) and math.isnan(value))


def test_the_order_of_criteria_is_kept(tmp_path: Path, make_judgment: Callable[..., Judgment]) -> None:
    """Worst first stays worst first."""
    judgment = make_judgment()
    shuffled = replace(judgment, criteria=judgment.criteria[::-1])
    (tmp_path / "judgment.json").write_text(dump_judgment(shuffled), encoding="utf-8")
    assert [entry.verdict.expression for entry in read(tmp_path).criteria] == [
        entry.verdict.expression for entry in shuffled.criteria
    ]
