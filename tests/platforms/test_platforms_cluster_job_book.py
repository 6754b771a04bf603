"""Jobs of a cluster as they are listed, and as they are listed no more."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from gonogo.platforms.cluster.api import Api
from gonogo.platforms.cluster.jobs import JobBook
from gonogo.platforms.cluster.logbook import Logbook

NOBODY = cast("Api", None)


def _job(name: str, created: str, *, suspended: bool = False, done: str = "", cron: str = "") -> dict[str, Any]:
    owner = [{"kind": "CronJob", "name": cron}] if cron else []
    conditions = [{"type": done, "status": "True", "lastTransitionTime": "2026-01-01T01:00:00Z"}] if done else []
    metadata = {"name": name, "creationTimestamp": f"2026-01-01T00:0{created}:00Z", "ownerReferences": owner}
    return {"metadata": metadata, "spec": {"suspend": suspended}, "status": {"conditions": conditions}}


@pytest.fixture
def book(tmp_path: Path) -> JobBook:
    """What is known of a namespace's Jobs."""
    return JobBook(NOBODY, {"shop": "shop-1"}, Logbook(NOBODY, tmp_path))


def _told(book: JobBook) -> list[tuple[str, str, str]]:
    return [(run.name, run.phase, run.reason) for run in book.runs()]


def test_a_suspended_job_is_no_run_until_it_is_resumed(book: JobBook) -> None:
    """It has started nothing."""
    book.update("shop-1", [_job("nightly", "1", suspended=True)], [])
    assert book.runs() == ()
    book.update("shop-1", [_job("nightly", "1")], [])
    assert _told(book) == [("shop/nightly", "running", "")]


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        ([], "deleted before its end was seen"),
        ([_job("hourly-2", "2", cron="hourly")], "replaced by the next run"),
        ([_job("hourly-2", "1", cron="hourly")], "replaced by the next run"),
        ([_job("other-2", "2", cron="other")], "deleted before its end was seen"),
    ],
)
def test_a_job_that_is_gone_before_its_end_has_failed(
    book: JobBook, after: list[Mapping[str, Any]], reason: str
) -> None:
    """Its CronJob's next run tells why, where there is one."""
    book.update("shop-1", [_job("hourly-1", "1", cron="hourly")], [])
    book.update("shop-1", after, [])
    assert _told(book)[0] == ("shop/hourly-1", "failed", reason)


def test_a_job_that_ended_and_is_gone_stays_as_it_was(book: JobBook) -> None:
    """The history limits of its CronJob, or its own, have removed it."""
    book.update("shop-1", [_job("hourly-1", "1", done="Complete", cron="hourly")], [])
    book.update("shop-1", [], [])
    assert _told(book) == [("shop/hourly-1", "complete", "Complete")]
