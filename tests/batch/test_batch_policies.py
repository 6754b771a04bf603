"""Bad rows under each policy, on each database: named, never in the way of others, and nothing half-written."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from fixtures.batch_tables import Job, Table
from gonogo_services.batch.errors import RowsHeld, RowsRefused
from gonogo_services.batch.policy import LEAVE, RETRY_ALL, RETRY_FAILED, Policy
from gonogo_services.batch.tables import MARK_CLAIMS, failures, marks
from gonogo_services.errors import SettingsError

ROW = [5.1, 3.5, 1.4, 0.2]
BAD = {
    "a text": "values is no list of numbers",
    "[1,2,3]": "values has 3 parts",
    '["x",2,3,4]': "values[0] is not a finite number",
    "null": "values is null",
    "huge": "characters; at most 4,096 are read",
}


def spoil(table: Table) -> dict[int, str]:
    """Add rows of which every second is bad in a way of its own; return what must be said of these, by id."""
    said, row = {}, 0
    for kind, reason in BAD.items():
        table.add([ROW])
        text = json.dumps([1] * 500_000) if kind == "huge" else json.dumps(kind) if kind == "a text" else kind
        with table.database.writing() as connection:
            mark = "%s" if connection.dialect.name != "sqlite" else "?"
            quote = "`" if connection.dialect.name == "mysql" else '"'
            connection.exec_driver_sql(f"INSERT INTO items ({quote}values{quote}) VALUES ({mark})", (text,))  # noqa: S608 - constants
        row += 2
        said[row] = reason
    return said


def test_bad_rows_are_parked_with_their_reasons(table: Table, job: Job) -> None:
    """Null, text, wrong width and huge JSON are parked after their attempts; all other rows are predicted."""
    bad = spoil(table)
    ended = job(table.url, "--attempts", "2", "--backoff-s", "0")
    assert (ended.status, ended.summary["predicted"], ended.summary["given_up"]) == (0, len(BAD), len(BAD))
    parked = table.parked()
    assert parked.keys() == bad.keys()
    assert all(bad[row] in parked[row] for row in bad)


def test_a_text_that_is_no_json_is_parked(sqlite_table: Table, job: Job) -> None:
    """SQLite takes anything for JSON: NaN and broken texts are parked too."""
    table = sqlite_table
    table.fill(3)
    table.execute("""INSERT INTO items ("values") VALUES ('[NaN,1,2,3]'), ('{"a'), ('[1,2,3,4],null,[1'), ('2,3,4]')""")
    assert job(table.url, "--attempts", "1").summary["predicted"] == 3
    assert sorted(table.parked()) == [4, 5, 6, 7]


def test_a_parked_row_is_tried_again_only_when_asked_for(table: Table, job: Job) -> None:
    """Parked rows are not touched by later runs; --unpark gives them another chance, and mended ones succeed."""
    table.add([ROW, [1, 2, 3]])
    job(table.url, "--attempts", "1")
    column = "`values`" if table.database.dialect.name == "mysql" else '"values"'
    table.execute(f"UPDATE items SET {column} = '[5.1,3.5,1.4,0.2]' WHERE id = 2")  # noqa: S608 - constants
    assert job(table.url, "--attempts", "1").summary["predicted"] == 0
    assert job(table.url, "--attempts", "1", "--unpark").summary["predicted"] == 1
    assert table.parked() == {}


def test_failed_rows_are_tried_as_often_as_the_policy_says(table: Table, job: Job) -> None:
    """retry-failed counts the attempts and stops at its bound."""
    table.add([[1, 2, 3]])
    ended = job(table.url, "--attempts", "4", "--backoff-s", "0")
    assert ended.summary["failed"] == 4
    with table.database.reading() as connection:
        assert connection.execute(select(failures.c.attempts)).scalar_one() == 4


def test_leave_leaves_bad_rows_to_the_next_run(table: Table, job: Job) -> None:
    """Leave tries a row once a run, and again in the next one."""
    table.add([ROW, [1, 2, 3]])
    first, second = job(table.url, "--policy", "leave"), job(table.url, "--policy", "leave")
    assert [(run.summary["predicted"], run.summary["failed"]) for run in (first, second)] == [(1, 1), (0, 1)]
    assert first.summary["left"] == 1


def test_leave_for_ever_parks_at_once(table: Table, job: Job) -> None:
    """Leave with never: no later run tries the row."""
    table.add([ROW, [1, 2, 3]])
    job(table.url, "--policy", "leave", "--never")
    assert job(table.url, "--policy", "leave").summary["failed"] == 0
    assert list(table.parked()) == [2]


def test_retry_all_writes_nothing_when_a_row_is_bad(table: Table, job: Job) -> None:
    """A bad row in the last chunk: no row of any chunk is written, and the message names the row and the reason."""
    table.fill(40)
    table.add([[1, 2, 3]])
    table.audited()
    with pytest.raises(RowsRefused, match="row 41: values has 3 parts"):
        job(table.url, "--policy", "retry-all", "--chunk", "10", "--attempts", "2", "--backoff-s", "0")
    assert table.unpredicted() == 41
    assert table.audit() == []


def test_retry_all_writes_all_when_all_are_right(table: Table, job: Job) -> None:
    """Without a bad row every chunk stands after one commit."""
    table.fill(45)
    ended = job(table.url, "--policy", "retry-all", "--chunk", "10")
    assert (ended.status, ended.summary["predicted"], table.unpredicted()) == (0, 45, 0)


def test_two_jobs_do_not_both_predict_all_rows(table: Table, job: Job) -> None:
    """retry-all does not begin while another job predicts all rows."""
    if table.database.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer, so the second job waits for the first one")
    table.fill(3)
    with table.database.writing() as connection:
        connection.execute(select(marks).where(marks.c.name == MARK_CLAIMS).with_for_update()).all()
        with pytest.raises(RowsHeld, match="another job holds rows; nothing was written"):
            job(table.url, "--policy", "retry-all", "--attempts", "1")
    assert table.unpredicted() == 3


@given(st.integers(1, 20), st.floats(0, 3600), st.integers(1, 100))
def test_backoff_grows_and_ends(attempts: int, backoff_s: float, failed: int) -> None:
    """Waits never shrink and never exceed an hour, and a row is parked exactly when its attempts are used up."""
    policy = Policy(RETRY_FAILED, attempts, backoff_s)
    assert policy.wait_s(failed) <= policy.wait_s(failed + 1) <= 3600
    assert policy.after_failure(failed).parked == (failed >= attempts)


@pytest.mark.parametrize("name", [RETRY_ALL, RETRY_FAILED])
def test_only_leave_can_mean_never(name: str) -> None:
    """Rows are given up for ever at once by the policy leave alone."""
    with pytest.raises(SettingsError, match="leave only"):
        Policy(name, never=True)
    assert Policy(LEAVE, never=True).after_failure(1).parked
