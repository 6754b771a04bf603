"""Keeps one pytest session's judgment: which tests are gates, what became of them, and the last line."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.mark.expression import Expression  # the only way to ask which items -m leaves out

from gonogo.errors import GonogoError, UsageError
from gonogo.gate.cause import Cause, cause_of
from gonogo.gate.judgment import TestEntry, TestOutcome
from gonogo.gate.selection import Selection

if TYPE_CHECKING:
    from gonogo.gate.judgment import Judgment
    from gonogo.settings import Settings
    from gonogo.wiring import GateSession

__all__ = ["Gatekeeper"]

OPTIONS = ("platform", "require_platform", "generator", "proxy", "report", "profile", "ready_timeout")
GATE_MARKS = ("gate", "stack", "loadtest")
_FIXTURES = "gonogo.plugin"
"""A test that uses a fixture of this module is a gate; a user's own fixture of the same name is none of it."""


class Gatekeeper:
    """Keeps one session's judgment: which tests are gates, what became of them, and the last line."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._gates: dict[str, pytest.Item] = {}
        self._outside: set[str] = set()
        self._session: GateSession | None = None
        self._judgment: Judgment | None = None

    @property
    def session(self) -> GateSession:
        """The session, made when the first gate test is about to run."""
        if self._session is None:
            raise UsageError("gates run only inside a pytest session with gate tests")
        return self._session

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None]:
        """Note the gate tests before others deselect some: what ``-m`` leaves out is outside the scope."""
        self._gates = {item.nodeid: item for item in items if _is_gate(item)}
        yield
        return None

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Tell those outside the scope, left out by ``-m``, from those left out in another way."""
        expression = self._config.getoption("markexpr", "")
        for item in items:
            if item.nodeid in self._gates and expression and not _matches(item, expression):
                self._outside.add(item.nodeid)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Open the judgment when there is a gate in scope."""
        selected = {item.nodeid for item in session.items}
        in_scope = {node: item for node, item in self._gates.items() if node not in self._outside}
        if not in_scope or self._config.getoption("collectonly", default=False):
            return
        self._refuse_workers()
        titles = [(node, _title(item)) for node, item in in_scope.items()]
        try:
            self._session = self._open(titles)
        except UsageError as error:
            raise pytest.UsageError(str(error)) from error
        for node in in_scope.keys() - selected:
            self._session.test(TestEntry(node, TestOutcome.DESELECTED, reason="deselected"))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Write down what became of each phase of a gate test."""
        report = yield
        if self._session is not None and item.nodeid in self._gates and (report.when == "call" or not report.passed):
            attempt = int(getattr(item, "execution_count", 1))
            self._session.test(_entry(report, call, _title(item)), attempt)
            if report.failed and call.excinfo is not None and isinstance(call.excinfo.value, GonogoError):
                # What, where and how to mend is in the message; the way through our code helps nobody.
                report.longrepr = f"{item.nodeid}: {call.excinfo.value}"
        return report

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Write the judgment after every gate test, so that a session that dies leaves a readable one."""
        if self._session is not None and nodeid in self._gates:
            self._session.write()

    def pytest_keyboard_interrupt(self) -> None:
        """Say in the judgment that it was cut short."""
        if self._session is not None:
            self._session.interrupted("interrupted from the keyboard")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Stop what runs and end the judgment."""
        if self._session is None:
            return
        if exitstatus == pytest.ExitCode.INTERNAL_ERROR:
            self._session.interrupted("pytest itself failed")
        if session.shouldstop or session.shouldfail:
            self._session.interrupted(str(session.shouldstop or session.shouldfail))
        self._judgment = self._session.close()

    def pytest_unconfigure(self) -> None:
        """Say the verdict in the very last line, whatever ended the session."""
        if self._session is None:
            return
        with self._session:
            judgment = self._judgment or self._session.write()
        from gonogo.report.terminal import criteria_table, last_line  # likewise

        index = os.path.relpath(self._session.folder / "index.html", Path.cwd())
        sys.stdout.write("\n".join([*criteria_table(judgment), f"report: {index}", last_line(judgment), ""]))
        sys.stdout.flush()

    def _open(self, tests: Sequence[tuple[str, str]]) -> GateSession:
        from gonogo import settings, wiring  # imported with the first gate, not by every pytest on this machine

        root = self._config.rootpath
        chosen = settings.read(root, os.environ, self._given())
        session = wiring.GateSession(chosen, root, self._announce)
        arguments = ["pytest", *map(str, self._config.invocation_params.args)]
        selection = Selection(_named_paths(self._config), tuple(sorted(self._outside)))
        session.open(_scope(self._config, chosen), selection, tests, arguments)
        return session

    def _given(self) -> dict[str, object]:
        given: dict[str, object] = {name: self._config.getoption(f"gonogo_{name}") for name in OPTIONS}
        attach = [pair.partition("=") for pair in self._config.getoption("gonogo_attach") or ()]
        for service, equals, _ in attach:
            if not (service and equals):
                raise UsageError(f"{service!r} attaches nothing", where="--gonogo-attach", mend="write SERVICE=URL")
        return {**given, "attach": {service: url for service, _, url in attach}}

    def _announce(self, line: str) -> None:
        """Print past pytest's capture: who waits a minute wants to know what for."""
        if self._config.option.verbose < 0:
            return
        capture: Any = self._config.pluginmanager.get_plugin("capturemanager")
        reporter: Any = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is None:
            return
        with capture.global_and_fixture_disabled():
            reporter.ensure_newline()
            reporter.write_line(line)

    def _refuse_workers(self) -> None:
        parallel = self._config.getoption("numprocesses", default=None) or hasattr(self._config, "workerinput")
        if parallel:
            raise pytest.UsageError(
                "gate tests cannot run under pytest-xdist: two loads at once spoil each other's figures; "
                "run them without -n, for example with -p no:xdist"
            )


def _is_gate(item: pytest.Item) -> bool:
    marked = any(item.get_closest_marker(mark) for mark in GATE_MARKS)
    info = getattr(item, "_fixtureinfo", None)  # pytest tells nowhere else whose a fixture is
    used = info.name2fixturedefs.values() if info is not None else ()
    return marked or any(known and known[-1].func.__module__ == _FIXTURES for known in used)


def _matches(item: pytest.Item, expression: str) -> bool:
    """Whether ``-m expression`` selects ``item``."""

    def has(name: str, /, **wanted: object) -> bool:
        return any(mark.name == name and wanted.items() <= mark.kwargs.items() for mark in item.iter_markers())

    return Expression.compile(expression).evaluate(has)


def _title(item: pytest.Item) -> str:
    """The first line of the test's docstring, with its parameters."""
    doc = getattr(getattr(item, "function", None), "__doc__", None) or ""
    first = doc.strip().partition("\n")[0].strip()
    parameters = getattr(getattr(item, "callspec", None), "id", "")
    return f"{first} [{parameters}]" if first and parameters else first


def _scope(config: pytest.Config, settings: Settings) -> str:
    """What was selected, as one line."""
    expression = config.getoption("markexpr", "")
    paths = " ".join(config.args)
    parts = [
        f"-m {expression!r}" if expression else "",
        paths,
        f"profile {settings.profile}",
        f"platform {settings.platform}",
    ]
    return ", ".join(part for part in parts if part)


def _named_paths(config: pytest.Config) -> tuple[str, ...]:
    """The files, folders and node ids of the command line, relative to the root; empty when it names none."""
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        return ()
    named = []
    for argument in config.args:
        path, colons, rest = argument.partition("::")
        named.append(os.path.relpath(config.invocation_params.dir / path, config.rootpath) + colons + rest)
    return tuple(named)


def _entry(report: pytest.TestReport, call: pytest.CallInfo[None], title: str) -> TestEntry:
    """What one phase of a test says about it."""
    reason, cause = "", Cause.NONE
    if call.excinfo is not None:
        cause = cause_of(call.excinfo.value)
        reason = _reason(call.excinfo)
    if hasattr(report, "wasxfail"):
        outcome = TestOutcome.XFAILED
        reason = report.wasxfail or "expected to fail"
    elif report.skipped:
        outcome, cause = TestOutcome.SKIPPED, Cause.NONE
    elif report.passed:
        outcome = TestOutcome.PASSED
    else:
        outcome = TestOutcome.FAILED if report.when == "call" else TestOutcome.ERROR
    return TestEntry(
        id=report.nodeid, outcome=outcome, reason=reason, duration_s=report.duration, title=title, cause=cause
    )


def _reason(excinfo: pytest.ExceptionInfo[BaseException]) -> str:
    error = excinfo.value
    if isinstance(error, pytest.skip.Exception):
        return str(error.msg)
    text = str(error) if isinstance(error, GonogoError) else excinfo.exconly(tryshort=True)
    return text.strip().partition("\n")[0]
