"""The message about a stack that did not start."""

from __future__ import annotations

from gonogo.platforms.process.report import start_error
from gonogo.platforms.process.spec import Failure


def said(*failures: Failure) -> str:
    """Return the message for two replicas, secrets starred out."""
    return str(start_error(failures, 2, lambda text: text.replace("hunter2", "***")))


def test_one_failure_is_one_sentence_and_a_tail() -> None:
    """What, then the last lines, indented."""
    assert said(Failure("shop/web/0", "container main ended", ("a", "b"), "/log")) == (
        "shop/web/0: container main ended; last lines of /log:\n    a\n    b"
    )


def test_a_silent_one_is_told_so() -> None:
    """No output is a fact as well."""
    assert said(Failure("shop/web/0", "x", (), "/log")).endswith("it wrote nothing to /log")


def test_different_failures_are_listed() -> None:
    """Each has a line of its own, and its tail below."""
    text = said(Failure("shop/a/0", "x", ("a",), "/a"), Failure("shop/b/0", "y", ("b",), "/b"))
    assert text.startswith("2 of 2 replicas did not start:\n  shop/a/0: x\n  shop/b/0: y\n")
    assert text.endswith("last lines of /a:\n    a\nlast lines of /b:\n    b")


def test_secrets_are_starred_out() -> None:
    """In sentences and in tails."""
    assert "hunter2" not in said(Failure("shop/a/0", "failed with hunter2", ("login hunter2",), "/a"))
