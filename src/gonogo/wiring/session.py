"""One session of gates: its ledger, its stack, its folder."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from gonogo.experiments.capacity import CapacitySearch
from gonogo.experiments.rollout import Rollout
from gonogo.experiments.scale_out import ScaleOut
from gonogo.gate.experiment import ExperimentEntry
from gonogo.gate.judgment import CriterionEntry, Judgment, RunEntry, TestEntry
from gonogo.gate.ledger import Ledger
from gonogo.gate.selection import Selection
from gonogo.manifests.topology import Topology
from gonogo.manifests.tuned import stale
from gonogo.platforms.interface import RunningStack, Scalable
from gonogo.provenance import file_hashes, provenance
from gonogo.report import folder as report_folder
from gonogo.report import writer
from gonogo.report.earlier import find_earlier
from gonogo.report.folder import JudgmentFolder
from gonogo.report.formats import render_as
from gonogo.runs.store import load as load_run
from gonogo.settings import Settings
from gonogo.sidecar.order import SidecarOrder
from gonogo.sidecar.program import program
from gonogo.suite.facts import Facts
from gonogo.suite.keeper import StackKeeper
from gonogo.suite.load import Load
from gonogo.suite.models import served_models
from gonogo.suite.recorder import Recorder, RunPlace
from gonogo.suite.stack import Stack
from gonogo.suite.traffic import Traffic
from gonogo.wiring.bench import bench
from gonogo.wiring.declared import Declared, order_sidecar, read_manifests
from gonogo.wiring.stacks import ISTIO, carrier_for, placement_for, start_stack, start_traffic, unheeded

__all__ = ["GateSession"]


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
        self._keeper = StackKeeper(scaling_period_s=settings.autoscaler_period, inside=settings.generator == "inside")
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

    def stack(self, paths: Sequence[str], *, fresh: bool = False, proxy: str = "") -> Stack:
        """Return the running stack of the manifests at ``paths``, starting it when it does not run.

        Args:
            paths: of the manifests.
            fresh: start a new one, whatever runs.
            proxy: what carries out its traffic rules; the settings' when empty.

        Raises:
            ManifestError: the manifests cannot run.
            StackError: it does not come up.
        """
        absolute = tuple(str(self.root / path) for path in paths)
        if fresh:
            self._keeper.stop()
        proxy = carrier_for(self.settings, proxy)
        declared: list[tuple[Declared, SidecarOrder, Path]] = []
        return self._keeper.get(
            (absolute, proxy),
            lambda: self._start(absolute, proxy, declared),
            lambda running: self._accompany(running, proxy, *declared[0]),
        )

    def load(self, test: str, stack: Stack | None) -> Load:
        """Return the load of one test."""
        return self._load_of(test, stack, self)

    def _load_of(self, test: str, stack: Stack | None, recorder: Recorder) -> Load:
        return Load(bench(self.settings, announce=self._announce, placement=self._placement), recorder, test, stack)

    def facts(self, test: str) -> Facts:
        """Return what takes the facts that one test states."""
        return Facts(
            test.rpartition("::")[2],
            lambda verdicts: self.criteria([CriterionEntry(test, "", verdict) for verdict in verdicts]),
        )

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

    def experiment(self, entry: ExperimentEntry) -> None:
        """Write an experiment down."""
        self._ledger.record_experiment(entry)
        self.write()

    def capacity(self, test: str, stack: Stack | None) -> CapacitySearch:
        """Return the search for capacities of one test."""
        return CapacitySearch(lambda recorder: self._load_of(test, stack, recorder), self, test, stack)

    def scale_out(self, test: str, stack: Stack) -> ScaleOut:
        """Return the observer of one test for loads under which services are scaled."""
        return ScaleOut(lambda recorder: self._load_of(test, stack, recorder), self, test, stack)

    def rollout(self, test: str, stack: Stack) -> Rollout:
        """Return the rollouts of one test."""
        return Rollout(lambda recorder: self._load_of(test, stack, recorder), self, test, stack)

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

    def _start(
        self, paths: tuple[str, ...], proxy: str, told: list[tuple[Declared, SidecarOrder, Path]]
    ) -> RunningStack:
        declared = read_manifests(paths)
        topology, files = declared.topology, declared.files
        self._ledger.record_findings(declared.findings)
        sidecar = order_sidecar(declared)
        if sidecar.wanted and proxy != ISTIO:
            program(proxy)  # what is missing is told before anything starts
        else:
            self._ledger.record_findings(declared.dormant)
        self._ledger.record_provenance({"manifests": file_hashes(files, self.root), **_subject(topology)})
        self._ledger.record_provenance(self.settings.provenance)
        self._placement = placement_for(topology, self.settings)
        self._stacks += 1
        workdir = self.folder / "stacks" / str(self._stacks)
        workdir.mkdir(parents=True)
        told.append((declared, sidecar, workdir / "sidecar"))
        running = start_stack(topology, self.settings, self._placement, workdir, announce=self._announce)
        for note in running.notes():
            self._ledger.record_not_tested(note)
        if running.topology.autoscalers and not isinstance(running, Scalable):
            self._ledger.record_not_tested("autoscalers do not act here: replicas stay as they are")
        self._know_models(running)
        return running

    def _know_models(self, running: RunningStack) -> None:
        """Write down which models are judged, and hold thresholds against the models that they are for."""
        models = served_models(running)
        if models and "model" not in self.settings.provenance:
            self._ledger.record_provenance({"model": {name: str(model) for name, model in models.items()}})
        self._ledger.record_findings(stale(running.topology, {name: model.sha256 for name, model in models.items()}))

    def _accompany(
        self, running: RunningStack, proxy: str, declared: Declared, order: SidecarOrder, folder: Path
    ) -> Traffic | None:
        if not order.wanted:
            if declared.policy:
                self._ledger.record_not_tested(
                    "traffic rules did not act: the generator is declared without a sidecar"
                    ' (sidecar.istio.io/inject: "false")'
                )
            return None
        acting = start_traffic(
            running,
            declared,
            order,
            proxy=proxy,
            placement=self._placement,
            folder=folder,
            istio_proxy=self.settings.istio_proxy,
        )
        for note in unheeded(declared.policy) if proxy == ISTIO else ():
            self._ledger.record_not_tested(note)
        self._ledger.record_findings(acting.findings)
        for note in acting.cage.unheld:
            self._ledger.record_not_tested(note)
        self._ledger.record_not_tested(acting.between)
        return acting

    def _note_problems(self) -> None:
        for problem in self._keeper.problems():
            self._ledger.record_obstacle(problem)


def _subject(topology: Topology) -> Mapping[str, object]:
    """What is judged, as the manifests name it: the Services, and the images behind them."""
    images = [container.image for workload in topology.workloads for container in workload.containers]
    return {
        "service": ", ".join(f"{service.namespace}/{service.name}" for service in topology.services),
        "images": list(dict.fromkeys(images)),
    }
