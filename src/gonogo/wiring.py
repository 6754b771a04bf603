"""The one place that builds things: settings in, a session of parts that fit together out."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO
from urllib.parse import urlsplit

from gonogo.errors import ManifestError, UsageError
from gonogo.gate.judgment import CriterionEntry, Judgment, RunEntry, TestEntry
from gonogo.gate.ledger import Ledger
from gonogo.gate.selection import Selection
from gonogo.manifests import build, check, reader, traffic
from gonogo.manifests.findings import Finding
from gonogo.manifests.topology import Topology
from gonogo.platforms import registry
from gonogo.platforms.interface import RunningStack
from gonogo.provenance import file_hashes, provenance
from gonogo.report import folder as report_folder
from gonogo.report import writer
from gonogo.report.earlier import find_earlier
from gonogo.report.folder import JudgmentFolder
from gonogo.report.formats import render_as
from gonogo.report.live.view import is_wanted
from gonogo.runs.store import load as load_run
from gonogo.settings import Settings
from gonogo.settings import read as read_settings
from gonogo.suite.keeper import StackKeeper
from gonogo.suite.load import Bench, Load
from gonogo.suite.placement import Placement, place
from gonogo.suite.recorder import RunPlace
from gonogo.suite.stack import Stack

__all__ = ["GateSession", "bench", "placement_for", "read_topology", "settings_here", "start_stack"]


def read_topology(
    paths: Sequence[Path | str], *, stdin: TextIO | None = None
) -> tuple[Topology, tuple[Finding, ...], tuple[Path, ...]]:
    """Return what the manifests at ``paths`` declare, every finding on them, and the files that were read.

    Raises:
        ManifestError: they cannot be read, or declare what cannot run.
    """
    documents = reader.read(paths, stdin=stdin)
    if not documents:
        raise ManifestError(
            "no manifests found", where=", ".join(map(str, paths)), mend="name a file or folder of YAML"
        )
    files = tuple({Path(document.source.file) for document in documents if document.source.file != "-"})
    findings = (*check.check(documents), *traffic.not_acting(documents, "the process platform"))
    return build.topology(documents).require(), findings, files


def start_stack(topology: Topology, settings: Settings, placement: Placement, workdir: Path) -> RunningStack:
    """Bring ``topology`` up on the platform of ``settings``.

    Raises:
        StackError: it does not come up; nothing is left running.
    """
    if settings.attach:
        platform = registry.create("attached", urls=attached(settings))
    else:
        platform = registry.create(
            settings.platform, images=settings.commands, cores=placement.services, stop_timeout_s=settings.stop_timeout
        )
    return platform.start(topology, workdir=workdir, ready_timeout_s=settings.ready_timeout)


def attached(settings: Settings) -> Mapping[str, str]:
    """Return the Services to attach to, each at a host that load may be sent to.

    Raises:
        UsageError: a host is neither loopback nor allowed.
    """
    for service, url in settings.attach.items():
        host = urlsplit(url).hostname or ""
        if host and not settings.allows(host):
            raise UsageError(
                f"load may not be sent to {host}",
                where=f"--gonogo-attach {service}",
                mend=f'if it is yours to load, allow it: [tool.gonogo] allow_hosts = ["{host}"]',
            )
    return settings.attach


def placement_for(topology: Topology, settings: Settings) -> Placement:
    """Share this machine's CPUs out between the generator that ``topology`` describes and its services."""
    return place(
        tuple(os.sched_getaffinity(0)),
        generator_cpu=max((one.cpu for one in topology.generators if one.cpu), default=None),
        generator=settings.generator_cores,
        services=settings.service_cores,
    )


def settings_here(environment: Mapping[str, str], **given: object) -> Settings:
    """Return the settings for a command that runs in the current folder."""
    return read_settings(Path.cwd(), environment, given)


def bench(settings: Settings, *, announce: Callable[[str], None], placement: Placement | None = None) -> Bench:
    """Return what loads may use under ``settings``; without a ``placement``, the generator gets one core."""
    return Bench(
        placement=placement or placement_for(Topology(), settings),
        short=settings.profile == "ci",
        remeasure=settings.remeasure,
        allows=settings.allows,
        terminal=sys.stderr if is_wanted(sys.stderr, os.environ) else None,
        announce=announce,
    )


def _subject(topology: Topology) -> Mapping[str, object]:
    """What is judged, as the manifests name it: the Services, and the images behind them."""
    images = [container.image for workload in topology.workloads for container in workload.containers]
    return {
        "service": ", ".join(f"{service.namespace}/{service.name}" for service in topology.services),
        "images": list(dict.fromkeys(images)),
    }


class GateSession:
    """One session of gates: its ledger, its stack, its folder. A context manager that leaves nothing running.

    Args:
        settings: of the session.
        root: root of the project; paths in marks and settings are relative to it.
        announce: prints one line for the person who waits.
    """

    def __init__(self, settings: Settings, root: Path, announce: Callable[[str], None]) -> None:
        self.settings = settings
        self.root = root
        self.folder = root / settings.report
        self._announce = announce
        self._ledger = Ledger()
        self._keeper = StackKeeper()
        self._placement = placement_for(Topology(), settings)
        self._runs: set[str] = set()
        self._stacks = 0
        self._held: JudgmentFolder | None = None

    def open(
        self, scope: str, selection: Selection, tests: Sequence[tuple[str, str]], arguments: Sequence[str]
    ) -> None:
        """Begin: keep the judgment that is there under another name, and write one that is not complete.

        Args:
            scope: what was selected, as one line.
            selection: the same as a value, which decides which gates of the settings count.
            tests: node id and title of every gate test in scope.
            arguments: the command line.

        Raises:
            UsageError: the folder cannot be written.
        """
        self._held = report_folder.prepare(self.folder)
        self._ledger.record_scope(scope, selection)
        if earlier := find_earlier(self.folder, scope):
            self._ledger.record_earlier(*earlier)
        self._ledger.expect_gates(self.settings.gates)
        for test, title in tests:
            self._ledger.expect_test(test, title)
        self._ledger.record_provenance(provenance(self.root, arguments))
        self._ledger.record_provenance(
            {"platform": self.settings.platform, "profile": self.settings.profile, **self.settings.provenance}
        )
        self.write()

    def stack(self, paths: Sequence[str], *, fresh: bool = False) -> Stack:
        """Return the running stack of the manifests at ``paths``, starting it when it does not run.

        Raises:
            ManifestError: the manifests cannot run.
            StackError: it does not come up.
        """
        absolute = tuple(str(self.root / path) for path in paths)
        if fresh:
            self._keeper.stop()
        return self._keeper.get(absolute, lambda: self._start(absolute))

    def load(self, test: str, stack: Stack | None) -> Load:
        """Return the load of one test."""
        return Load(bench(self.settings, announce=self._announce, placement=self._placement), self, test, stack)

    def place(self, name: str) -> RunPlace:
        """Return a new folder for a run; see :class:`gonogo.suite.recorder.Recorder`."""
        safe = re.sub(r"[^\w.\-]+", "-", name).strip("-.")[:80] or "run"
        unique, count = safe, 1
        while unique in self._runs:
            count += 1
            unique = f"{safe}-{count}"
        self._runs.add(unique)
        relative = f"runs/{unique}"
        path = self.folder / relative
        path.mkdir(parents=True)
        return RunPlace(unique, path, relative)

    def run(self, entry: RunEntry) -> None:
        """Write a finished run down."""
        self._ledger.record_run(entry)
        self._note_problems()
        self.write()

    def criteria(self, entries: Sequence[CriterionEntry]) -> None:
        """Write judged criteria down."""
        for entry in entries:
            self._ledger.record_criterion(entry)

    def test(self, entry: TestEntry, attempt: int = 1) -> None:
        """Write down what became of a test, or of a phase of it."""
        self._ledger.record_test(entry, attempt=attempt)
        self._note_problems()

    def interrupted(self, reason: str) -> None:
        """Write down that the session was cut short."""
        self._ledger.record_interruption(reason)

    def write(self, *, complete: bool = False) -> Judgment:
        """Write the judgment so far."""
        judgment = self._ledger.judgment(complete=complete)
        writer.write(judgment, self.folder, load_run=load_run)
        return judgment

    def close(self) -> Judgment:
        """Stop the stack and write the judgment as it ends."""
        self._keeper.stop()
        judgment = self.write(complete=True)
        if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
            with Path(summary).open("a", encoding="utf-8") as page:
                page.write(render_as("github", judgment))
        return judgment

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._keeper.stop()
        if self._held is not None:
            self._held.close()

    def _start(self, paths: tuple[str, ...]) -> RunningStack:
        topology, findings, files = read_topology(paths)
        self._ledger.record_findings(findings)
        self._ledger.record_provenance({"manifests": file_hashes(files, self.root), **_subject(topology)})
        self._ledger.record_provenance(self.settings.provenance)
        self._placement = placement_for(topology, self.settings)
        self._stacks += 1
        workdir = self.folder / "stacks" / str(self._stacks)
        workdir.mkdir(parents=True)
        running = start_stack(topology, self.settings, self._placement, workdir)
        for note in running.notes():
            self._ledger.record_not_tested(note)
        return running

    def _note_problems(self) -> None:
        for problem in self._keeper.problems():
            self._ledger.record_obstacle(problem)
