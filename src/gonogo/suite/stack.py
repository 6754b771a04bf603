"""The stack as a suite sees it: Services to aim at and to talk to, replicas to look at and to kill."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gonogo.capture.inlet import Scope
from gonogo.capture.reading import Reading
from gonogo.errors import UsageError
from gonogo.manifests.topology import Topology
from gonogo.platforms.interface import Replica, RunningStack
from gonogo.suite.aim import Aim
from gonogo.suite.autoscaling import ActingAutoscalers
from gonogo.suite.faults import Fault, Injected
from gonogo.suite.generator import GeneratorHandle
from gonogo.suite.jobs import CronJobHandle, JobHandle, JobTable, cron_jobs_of, jobs_of
from gonogo.suite.parity import Capture, LogOption, capture_of
from gonogo.suite.service import ServiceHandle
from gonogo.suite.traffic import Traffic

__all__ = ["Stack"]


class Stack:
    """A running stack: ``stack["iris-svc"]`` is a Service, ``stack.generator()`` the load's own Pod.

    Args:
        running: the stack on its platform.
        on_fault: called before a fault is injected, since a hurt stack serves no other test.
        traffic: the traffic rules that act, carried out by the client's sidecar; None where none do.
        scaling: what carries out the autoscalers; None where there are none.
        inside: load is sent from within it.

    Attributes:
        aim: where the requests for its Services go.
    """

    def __init__(
        self,
        running: RunningStack,
        on_fault: Callable[[str], None] = lambda _: None,
        traffic: Traffic | None = None,
        scaling: ActingAutoscalers | None = None,
        *,
        inside: bool = False,
    ) -> None:
        self.running = running
        self.scaling = scaling
        self.sidecar = traffic
        self.aim = Aim(running, traffic, inside=inside)
        self._injected = Injected(running, on_fault, traffic.refresh if traffic else None)

    @property
    def topology(self) -> Topology:
        """What the manifests declare."""
        return self.running.topology

    def __getitem__(self, service: str) -> ServiceHandle:
        """Return the Service called ``name`` or ``namespace/name``.

        Raises:
            UsageError: no Service, or more than one, has that name.
        """
        return ServiceHandle(self.topology.service(service), self.aim, self._injected)

    @property
    def traffic(self) -> Traffic:
        """The traffic rules that act, to be changed under load; see :class:`gonogo.suite.traffic.Traffic`.

        Raises:
            UsageError: none act: the manifests declare none, or have the generator without a sidecar.
        """
        if self.sidecar is None:
            raise UsageError(
                "no traffic rules act on this stack",
                where="stack.traffic",
                mend="declare a DestinationRule, VirtualService or HTTPRoute for one of its Services, and do not"
                ' annotate the generator Pod with sidecar.istio.io/inject: "false"',
            )
        return self.sidecar

    def capture(
        self,
        service: str,
        *,
        answer: str = "prediction",
        input: str = "data",  # noqa: A002 - the word for it
        labels: Sequence[str] = (),
        columns: Sequence[str] = (),
        scope: Scope | None = None,
        log: LogOption = None,
    ) -> Capture:
        """Capture from now on what the replicas behind ``service`` are asked and answer, copies for a shadow included.

        Runs get both sides' answers as columns, for criteria such as ``parity.agreement >= 97%``; the answers
        themselves are kept in the judgment's warehouse. Called again, it returns the capture that goes on.

        Args:
            service: name or ``namespace/name``.
            answer: path of the prediction in the answers' JSON, such as ``prediction`` or ``outputs.0.data``.
            input: path of the rows in the requests' JSON.
            labels: names of the classes, in the order of the scores.
            columns: names of the values of a row, in order; slices are searched by them.
            scope: how much of each body, and which headers, are kept.
            log: read the service's own log of predictions in place of an Envoy's: None where its Pods are annotated
                ``gonogo.dev/prediction-log``, False never, True or paths of its fields always.

        Raises:
            UsageError: no traffic rules act, or the Service is captured in another way.
        """
        traffic, found = self.traffic, self.topology.service(service)
        reading = Reading(answer=answer, input=input, labels=tuple(labels), columns=tuple(columns))
        return capture_of(traffic, self.running, found, reading, scope or Scope(), log)

    @property
    def jobs(self) -> JobTable[JobHandle]:
        """The Jobs of the manifests: ``stack.jobs["batch"].run()``."""
        return jobs_of(self.running)

    @property
    def cron_jobs(self) -> JobTable[CronJobHandle]:
        """The CronJobs of the manifests: ``stack.cron_jobs["batch"].run()``."""
        return cron_jobs_of(self.running)

    def replicas(self) -> tuple[Replica, ...]:
        """All replicas of the stack, in order of name."""
        return self.running.replicas()

    def generator(self, name: str = "") -> GeneratorHandle:
        """Return the Pod annotated ``gonogo.dev/role: generator``, by name when there are several.

        Raises:
            UsageError: there is none, or several and no name was given.
        """
        found = [one for one in self.topology.generators if name in ("", one.name)]
        if len(found) == 1:
            return GeneratorHandle(found[0], self.aim)
        known = ", ".join(one.name for one in self.topology.generators) or "none"
        raise UsageError(
            f"no generator Pod is called {name!r}" if name else f"{len(found)} generator Pods are declared",
            mend=f"the manifests annotate with gonogo.dev/role: generator: {known}",
        )

    def kill(self, replica: str) -> None:
        """Kill every process of ``replica`` (``namespace/workload/ordinal``) with SIGKILL."""
        self._injected.kill(replica)

    def pause(self, replica: str) -> None:
        """Make ``replica`` (``namespace/workload/ordinal``) hang: its connections stay, and nothing answers.

        Raises:
            UsageError: there is no such replica, or the platform cannot hold one where it stands.
        """
        self._injected.pause(replica)

    def resume(self, replica: str) -> None:
        """Let ``replica`` go on from where it was paused.

        Raises:
            UsageError: there is no such replica, or the platform cannot hold one where it stands.
        """
        self._injected.resume(replica)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What was done to the stack on purpose, in order."""
        return self._injected.done
