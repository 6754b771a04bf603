"""Everything that gonogo has to say about a set of manifests. A new check is one line in CHECKS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gonogo.manifests import (
    autoscaler,
    environment,
    fit,
    job,
    kinds,
    notes,
    notes_traffic,
    pod,
    probe,
    resources,
    service,
    store,
    volume,
    workload,
)
from gonogo.manifests.build import assemble, ordered
from gonogo.manifests.checking import Check
from gonogo.manifests.checks import (
    container,
    identity,
    image,
    prediction_log,
    selector,
    traffic_client,
    traffic_form,
    traffic_host,
    traffic_outlier,
    traffic_rejection,
    traffic_route,
    traffic_sticky,
    traffic_subset,
    tuned,
)
from gonogo.manifests.checks import probe as probes
from gonogo.manifests.checks import service as services
from gonogo.manifests.compose import rules as compose
from gonogo.manifests.document import Document
from gonogo.manifests.findings import Finding
from gonogo.manifests.rule import Rule
from gonogo.manifests.tuned import RULES as TUNED_RULES

__all__ = ["CHECKS", "RULES", "check"]

CHECKS: Final[tuple[Check, ...]] = (
    identity.OBJECT_TWICE,
    identity.NAMESPACE_UNDECLARED,
    selector.OVERLAP,
    services.ENDPOINTS,
    services.PORT_TWICE,
    services.TARGET_UNKNOWN,
    services.TARGET_UNDECLARED,
    probes.READINESS,
    probes.PORT_UNKNOWN,
    probes.PORT_UNDECLARED,
    probes.LIVENESS,
    container.PORT_CONFLICT,
    container.ENV_TWICE,
    container.RESOURCES,
    image.LATEST,
    traffic_host.WITHOUT_SERVICE,
    traffic_host.DESTINATION_UNKNOWN,
    traffic_host.CLAIMED_TWICE,
    traffic_subset.SUBSET_UNKNOWN,
    traffic_subset.SUBSET_EMPTY,
    traffic_route.WEIGHTS,
    traffic_route.ROUTE_SHADOWED,
    traffic_route.FAULT_WITHOUT_SHARE,
    traffic_sticky.STICKY,
    traffic_form.CHOICE,
    traffic_form.REGEX,
    traffic_outlier.CONSECUTIVE_ERRORS,
    traffic_outlier.EJECTS_NONE,
    traffic_rejection.REJECTION,
    traffic_rejection.OVERFLOW,
    traffic_client.HEADER_UNROUTED,
    tuned.TUNED,
    prediction_log.PREDICTION_LOG,
)

RULES: Final[tuple[Rule, ...]] = (
    *compose.RULES,
    *kinds.RULES,
    *fit.RULES,
    *notes.RULES,
    *notes_traffic.RULES,
    *store.RULES,
    *environment.RULES,
    *resources.RULES,
    *probe.RULES,
    *volume.RULES,
    *pod.RULES,
    *workload.RULES,
    *job.RULES,
    *autoscaler.RULES,
    *TUNED_RULES,
    *service.RULES,
    *(entry.rule for entry in CHECKS),
)
"""Every rule that can be broken, those of reading first. docs/findings.md has an example of each."""


def check(documents: Sequence[Document]) -> tuple[Finding, ...]:
    """Return every finding about ``documents``, those of reading included, in order of file and line."""
    assembly = assemble(documents)
    found = [finding for entry in CHECKS for finding in entry.find(assembly)]
    return ordered([*assembly.findings, *found])
