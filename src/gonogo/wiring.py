"""The one place that builds things: settings in, a session of parts that fit together out."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self, TextIO, cast
from urllib.parse import urlsplit

from gonogo.errors import ManifestError, UsageError
from gonogo.experiments.capacity import CapacitySearch
from gonogo.experiments.rollout import Rollout
from gonogo.experiments.scale_out import ScaleOut
from gonogo.gate.experiment import ExperimentEntry
from gonogo.gate.judgment import CriterionEntry, Judgment, RunEntry, TestEntry
from gonogo.gate.ledger import Ledger
from gonogo.gate.selection import Selection
from gonogo.manifests import build, check, reader, traffic
from gonogo.manifests.findings import Finding, Severity
from gonogo.manifests.topology import Topology
from gonogo.manifests.tuned import stale
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.reading import read as read_policy
from gonogo.platforms import registry
from gonogo.platforms.interface import Platform, RunningStack
from gonogo.provenance import file_hashes, provenance
from gonogo.report import folder as report_folder
from gonogo.report import writer
from gonogo.report.earlier import find_earlier
from gonogo.report.folder import JudgmentFolder
from gonogo.report.formats import render_as
from gonogo.report.live.view import is_wanted
from gonogo.runs.store import load as load_run
from gonogo.settings import IMAGE_FAMILIES, Settings
from gonogo.settings import read as read_settings
from gonogo.sidecar.order import SidecarOrder, read_order
from gonogo.sidecar.program import program
from gonogo.suite.facts import Facts
from gonogo.suite.keeper import StackKeeper
from gonogo.suite.load import Bench, Load
from gonogo.suite.models import served_models
from gonogo.suite.outlets import unclear_subsets
from gonogo.suite.placement import Placement, place
from gonogo.suite.recorder import Recorder, RunPlace
from gonogo.suite.stack import Stack
from gonogo.suite.traffic import Traffic

__all__ = [
    "Declared",
    "GateSession",
    "bench",
    "build_images",
    "order_sidecar",
    "placement_for",
    "platform_for",
    "read_manifests",
    "read_topology",
    "settings_here",
    "start_stack",
    "start_traffic",
]


def read_topology(
    paths: Sequence[Path | str], *, stdin: TextIO | None = None
) -> tuple[Topology, tuple[Finding, ...], tuple[Path, ...]]:
    """Return what the manifests at ``paths`` declare, every finding on them, and the files that were read.

    Raises:
        ManifestError: they cannot be read, or declare what cannot run.
    """
    declared = read_manifests(paths, stdin=stdin)
    return declared.topology, (*declared.findings, *declared.dormant), declared.files


@dataclass(frozen=True, slots=True)
class Declared:
    """What manifests declare.

    Attributes:
        findings: what there is to say about them.
        policy: their traffic rules, as the client's sidecar carries them out.
        dormant: a notice for every traffic rule, for a stack in which none of them acts.
        files: that were read.
    """

    topology: Topology
    findings: tuple[Finding, ...]
    policy: Policy
    dormant: tuple[Finding, ...]
    files: tuple[Path, ...]

    def require_rules(self) -> None:
        """Refuse traffic rules that contradict themselves or lead nowhere, before anything starts.

        Raises:
            ManifestError: names all of them.
        """
        wrong = [
            finding
            for finding in self.findings
            if finding.severity is Severity.ERROR and finding.object.partition(" ")[0] in _RULES
        ]
        if wrong:
            first, *others = wrong
            more = "".join(f"; {finding.source}: {finding.object}: {finding.consequence}" for finding in others)
            raise ManifestError(
                f"{first.object} {first.field}: {first.consequence}{more}", where=str(first.source), mend=first.mend
            )


_RULES: Final = frozenset({"DestinationRule", "VirtualService", "HTTPRoute"})


def read_manifests(paths: Sequence[Path | str], *, stdin: TextIO | None = None) -> Declared:
    """Return what the manifests at ``paths`` declare.

    Raises:
        ManifestError: they cannot be read, or declare what cannot run.
    """
    documents = reader.read(paths, stdin=stdin)
    if not documents:
        raise ManifestError(
            "no manifests found", where=", ".join(map(str, paths)), mend="name a file or folder of YAML"
        )
    files = tuple({Path(document.source.file) for document in documents if document.source.file != "-"})
    topology = build.topology(documents).require()
    clients = {one.namespace for one in topology.generators}
    return Declared(
        topology,
        check.check(documents),
        read_policy(documents, namespace=clients.pop() if len(clients) == 1 else ""),
        traffic.not_acting(documents, "this stack"),
        files,
    )


def order_sidecar(declared: Declared) -> SidecarOrder:
    """Return what the manifests order for the client's sidecar; none is wanted where no traffic rule stands.

    Raises:
        ManifestError: the rules, or an annotation, cannot be used.
    """
    if not declared.policy:
        return SidecarOrder(wanted=False)
    orders = [
        read_order(one.annotations, where=f"Pod {one.namespace}/{one.name}") for one in declared.topology.generators
    ]
    chosen = next((order for order in orders if order.wanted), SidecarOrder(wanted=not orders))
    if chosen.wanted:
        declared.require_rules()
    return chosen


def start_traffic(
    running: RunningStack,
    declared: Declared,
    order: SidecarOrder,
    *,
    proxy: str,
    placement: Placement,
    folder: Path,
) -> Traffic:
    """Start the client's sidecar beside ``running``, on the generator's CPUs.

    Raises:
        UsageError: it cannot be told which replicas a subset selects.
        MissingPart: the proxy is not installed.
        EnvironmentFault: it does not start.
    """
    if unclear := unclear_subsets(declared.policy, running):
        raise UsageError(
            f"it cannot be told which of the running replicas the subsets {', '.join(unclear)} select",
            where="--gonogo-attach",
            mend="judge the traffic rules on a stack that gonogo starts, or attach without them",
        )
    return Traffic(
        running,
        declared.policy,
        proxy,
        folder=folder,
        workers=order.workers or max(1, len(placement.generator)),
        cores=placement.generator,
        service_cores=placement.services,
    )


def platform_for(
    settings: Settings, placement: Placement, *, announce: Callable[[str], None] = lambda _: None
) -> Platform:
    """Return the platform that ``settings`` name, with the settings that it needs.

    Args:
        settings: of the session.
        placement: who gets which CPU.
        announce: told what a person will have to wait for, such as an image that is built.

    Raises:
        AbsentPlatform: it needs something that is not installed.
    """
    name = "attached" if settings.attach else settings.platform
    told = {"announce": announce} if name in _ANNOUNCING else {}
    return registry.create(name, **_OPTIONS[name](settings, placement), **told)


_ANNOUNCING = frozenset({"docker"})
"""Platforms whose constructor takes ``announce``."""


_OPTIONS: Mapping[str, Callable[[Settings, Placement], Mapping[str, object]]] = {
    # What of the settings each platform's constructor takes.
    "attached": lambda settings, _: {"urls": attached(settings)},
    "process": lambda settings, placement: {
        "images": settings.commands,
        "cores": placement.services,
        "stop_timeout_s": settings.stop_timeout,
    },
    "docker": lambda settings, placement: {
        "base_image": settings.base_image,
        "families": IMAGE_FAMILIES,
        "cores": placement.services,
        "stop_timeout_s": settings.stop_timeout,
    },
    "cluster": lambda settings, _: {
        "allow_contexts": settings.allow_contexts,
        "images": settings.cluster_images,
        "stop_timeout_s": settings.stop_timeout,
    },
    "kind": lambda settings, _: {"cluster": settings.kind_cluster, "stop_timeout_s": settings.stop_timeout},
}


class ImageBuilder(Protocol):
    """A platform that makes the images that ship with gonogo."""

    def build_images(self, names: Sequence[str], version: str) -> tuple[BuiltImage, ...]:
        """Build those of ``names`` (all for none) that are missing or outdated."""
        ...


class BuiltImage(Protocol):
    """What became of one image: ``built`` or ``unchanged``, and its size in bytes."""

    image: str
    outcome: str
    size: int


def build_images(
    settings: Settings, names: Sequence[str], *, announce: Callable[[str], None]
) -> tuple[BuiltImage, ...]:
    """Make the shipped images called ``names``, all of them for none, where their sources have changed.

    Raises:
        AbsentPlatform: this machine has no Docker daemon.
        UsageError: a name is no shipped image's.
        EnvironmentFault: an image could not be built.
    """
    chosen = settings.model_copy(update={"platform": "docker", "attach": {}})
    builder = cast("ImageBuilder", platform_for(chosen, placement_for(Topology(), chosen), announce=announce))
    return builder.build_images(names, version("gonogo"))


def start_stack(
    topology: Topology,
    settings: Settings,
    placement: Placement,
    workdir: Path,
    *,
    announce: Callable[[str], None] = lambda _: None,
) -> RunningStack:
    """Bring ``topology`` up on the platform of ``settings``.

    Raises:
        StackError: it does not come up; nothing is left running.
    """
    platform = platform_for(settings, placement, announce=announce)
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
        stop_when_decided=settings.stop_when_decided,
        allows=settings.allows,
        terminal=sys.stderr if is_wanted(sys.stderr, os.environ) else None,
        announce=announce,
        load_wait_s=settings.load_wait,
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
        self._keeper = StackKeeper(scaling_period_s=settings.autoscaler_period)
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
        proxy = proxy or self.settings.proxy
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
        if sidecar.wanted:
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
        self._know_models(running)
        return running

    def _know_models(self, running: RunningStack) -> None:
        """Write down which models are judged, and hold thresholds against the models that they are for."""
        models = served_models(running)
        if models and "model" not in self.settings.provenance:
            self._ledger.record_provenance({"model": {name: str(model) for name, model in models.items()}})
        for line in stale(running.topology, {name: model.sha256 for name, model in models.items()}):
            self._ledger.record_obstacle(line)

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
        acting = start_traffic(running, declared, order, proxy=proxy, placement=self._placement, folder=folder)
        self._ledger.record_findings(acting.findings)
        for note in order.notes:
            self._ledger.record_not_tested(note)
        self._ledger.record_not_tested(
            "traffic rules act on what the load generator and the suites' clients send, not on calls between the"
            " stack's own services"
        )
        return acting

    def _note_problems(self) -> None:
        for problem in self._keeper.problems():
            self._ledger.record_obstacle(problem)
