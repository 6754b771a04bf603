"""Claims, each kind on each database that has it: no row is held twice, and nothing stays held."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy.engine import make_url

from fixtures.batch_tables import Table
from gonogo_services.batch.claims.choice import AUTO, LEASES, LOCKS, claims_for
from gonogo_services.batch.claims.interface import Claims, HeldChunk
from gonogo_services.batch.claims.leases import Leases
from gonogo_services.batch.claims.row_locks import RowLocks
from gonogo_services.batch.database import Database
from gonogo_services.batch.due import Due
from gonogo_services.batch.errors import DatabaseError
from gonogo_services.batch.lane import Lane
from gonogo_services.batch.policy import Policy
from gonogo_services.batch.prediction import Outcome
from gonogo_services.batch.stop import Stop
from gonogo_services.batch.walk import Walk
from gonogo_services.errors import SettingsError


@pytest.fixture(params=[LOCKS, LEASES])
def claims(request: pytest.FixtureRequest, table: Table) -> Claims:
    """The claims of each kind that the database allows."""
    try:
        return claims_for(table.database, Policy(), request.param)
    except SettingsError:
        pytest.skip("this database has no row locks")


@contextmanager
def held(claims: Claims, size: int) -> Iterator[HeldChunk]:
    """Hold the next chunk, which must be there."""
    with claims.next_chunk(Due(), None, size) as found:
        assert found is not None
        yield found


def answers(ids: Sequence[int], value: float = 0.5) -> Outcome:
    """Return a prediction for each row."""
    return Outcome(ids, json.dumps([[value, 0.25, 0.25]] * len(ids), separators=(",", ":")))


def test_auto_takes_row_locks_where_the_server_skips_locked_rows(table: Table) -> None:
    """MariaDB and PostgreSQL get row locks, SQLite gets leases."""
    expected = Leases if table.database.dialect.name == "sqlite" else RowLocks
    assert isinstance(claims_for(table.database, Policy(), AUTO), expected)


def test_a_held_chunk_is_left_out_by_the_next_claim(claims: Claims, table: Table) -> None:
    """Two chunks held at the same time have no row in common, and together all rows."""
    table.fill(20)
    with claims.next_chunk(Due(), None, 12) as one, claims.next_chunk(Due(), None, 12) as other:
        assert one is not None
        assert other is not None
        assert sorted([*one.chunk.ids, *other.chunk.ids]) == list(range(1, 21))
        with claims.next_chunk(Due(), None, 12) as none:
            assert none is None


def test_what_was_settled_stands(claims: Claims, table: Table) -> None:
    """After the block the predictions are there, and the rows are no longer due."""
    table.fill(5)
    with held(claims, 3) as chunk:
        assert chunk.settle(answers(chunk.chunk.ids)) == (3, 0, 0)
    assert [row for row, answer in table.predictions().items() if answer] == [1, 2, 3]
    with held(claims, 9) as chunk:
        assert list(chunk.chunk.ids) == [4, 5]


def test_a_chunk_is_free_again_when_its_job_fails(claims: Claims, table: Table) -> None:
    """An error in the block writes nothing, and the same rows can be claimed at once."""
    table.fill(4)
    with pytest.raises(RuntimeError, match="model"), claims.next_chunk(Due(), None, 4):
        raise RuntimeError("the model is broken")
    with held(claims, 9) as chunk:
        assert list(chunk.chunk.ids) == [1, 2, 3, 4]
    assert table.unpredicted() == 4


def test_the_chunk_has_what_the_rows_hold(claims: Claims, table: Table) -> None:
    """Ids and joined values belong together."""
    table.add([[1, 2, 3, 4], [5.5, 6, 7, 8]])
    with held(claims, 9) as chunk:
        texts = chunk.chunk.joined.split(",null,")
        assert [json.loads(text) for text in texts] == [[1, 2, 3, 4], [5.5, 6, 7, 8]]
        assert [row for row, _, _ in chunk.singly()] == [1, 2]


def test_a_lease_frees_what_a_silent_job_held(table: Table) -> None:
    """When a lease has run out, another job gets the rows, and the first one cannot write them any more."""
    table.fill(6)
    short = Database(make_url(table.url), lease_s=0.05)

    def outstay() -> None:
        with held(Leases(short, Policy()), 6) as late:
            deadline = time.monotonic() + 30
            while table.unpredicted() and time.monotonic() < deadline:
                with Leases(table.database, Policy()).next_chunk(Due(), None, 6) as taken:
                    if taken is not None:
                        taken.settle(answers(taken.chunk.ids, 0.5))
            late.settle(answers(late.chunk.ids, 0.125))

    with pytest.raises(DatabaseError, match="ran out"):
        outstay()
    short.close()
    assert {tuple(answer) for answer in table.predictions().values()} == {(0.5, 0.25, 0.25)}


@pytest.mark.parametrize(
    "change", ["DELETE FROM items WHERE id = 2", "UPDATE items SET prediction = '[1,0,0]' WHERE id = 2"]
)
def test_rows_that_others_change_under_a_lease_are_left_to_them(table: Table, change: str) -> None:
    """A row removed or predicted by somebody else between claim and write stays so, and the others can be had again."""
    table.fill(4)
    claims = Leases(table.database, Policy())

    def overtaken() -> None:
        with held(claims, 4) as chunk:
            table.execute(change)
            chunk.settle(answers(chunk.chunk.ids))

    with pytest.raises(DatabaseError, match="meanwhile"):
        overtaken()
    assert table.predictions().get(2) in (None, [1, 0, 0])
    with held(claims, 4) as chunk:
        assert chunk.settle(answers(chunk.chunk.ids)) == (3, 0, 0)
    assert table.unpredicted() == 0


def test_what_a_lane_holds_ahead_is_free_when_it_ends(sqlite_table: Table) -> None:
    """While the lane works, nobody else gets the chunk that it has leased ahead; afterwards anybody does."""
    sqlite_table.fill(6)
    claims, others = Leases(sqlite_table.database, Policy()), Leases(sqlite_table.database, Policy())
    with claims.lane() as lane:
        with held(lane, 2) as chunk:
            chunk.settle(answers(chunk.chunk.ids))
        with held(others, 6) as chunk:
            assert list(chunk.chunk.ids) == [5, 6]
            chunk.settle(answers(chunk.chunk.ids))
    with held(others, 6) as chunk:
        assert list(chunk.chunk.ids) == [3, 4]


def test_a_lane_does_not_exceed_its_limit_by_what_it_holds_ahead(sqlite_table: Table) -> None:
    """A chunk leased ahead that is larger than what is asked for is given back."""
    sqlite_table.fill(6)
    with Leases(sqlite_table.database, Policy()).lane() as lane:
        with held(lane, 3) as chunk:
            chunk.settle(answers(chunk.chunk.ids))
        with held(lane, 1) as chunk:
            assert list(chunk.chunk.ids) == [4]


def test_rows_with_gaps_between_them_get_their_own_predictions(claims: Claims, table: Table) -> None:
    """Ids that are missing, or done, shift no prediction to another row."""
    table.fill(8)
    table.execute("DELETE FROM items WHERE id IN (2, 5)", "UPDATE items SET prediction = '[9]' WHERE id = 7")
    with held(claims, 9) as chunk:
        ids = list(chunk.chunk.ids)
        assert chunk.settle(Outcome(ids, json.dumps([[row] for row in ids], separators=(",", ":")))) == (5, 0, 0)
    assert table.predictions() == {1: [1], 3: [3], 4: [4], 6: [6], 7: [9], 8: [8]}


@pytest.mark.parametrize("jobs", [2, 4, 8])
def test_jobs_at_the_same_time_do_every_row_once(claims: Claims, table: Table, jobs: int) -> None:
    """However many jobs work on one table, every row is written once and by one of them."""
    table.fill(600)
    table.audited()
    stop = Stop()

    def work(number: int) -> None:
        def predict(rows: NDArray[np.float32]) -> list[list[float]]:
            return [[float(number), 0.0, 0.0]] * len(rows)

        walk = Walk(17)
        lane = Lane(claims, Due(), predict, walk, stop, bool, lambda *_: None, lambda _: None, tries=50)
        for _ in count():
            lane.work()
            if not walk.begin_again() and not table.unpredicted():
                return

    with ThreadPoolExecutor(jobs) as pool:
        for future in [pool.submit(work, number) for number in range(jobs)]:
            future.result()
    stop.close()
    assert Counter(row for row, _ in table.audit()) == Counter(range(1, 601))
