"""The renderers by name. A new one is one line in RENDERERS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from gonogo.errors import UsageError
from gonogo.mesh.envoy.bootstrap import BOOTSTRAP, static_file
from gonogo.mesh.nginx.file import CONFIGURATION, configuration
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.rendering import Rendering
from gonogo.mesh.sidecar import Sidecar

__all__ = ["RENDERERS", "render"]


def _envoy(policy: Policy, sidecar: Sidecar) -> Rendering:
    return Rendering({BOOTSTRAP: static_file(policy, sidecar)}, BOOTSTRAP)


def _nginx(policy: Policy, sidecar: Sidecar) -> Rendering:
    text, findings = configuration(policy, sidecar)
    return Rendering({CONFIGURATION: text}, CONFIGURATION, findings)


RENDERERS: Final[Mapping[str, Callable[[Policy, Sidecar], Rendering]]] = {"envoy": _envoy, "nginx": _nginx}


def render(policy: Policy, sidecar: Sidecar, *, to: str) -> Rendering:
    """Return the configuration of the proxy ``to`` (a key of RENDERERS) that carries out ``policy``.

    Raises:
        UsageError: no renderer has that name.
    """
    if to not in RENDERERS:
        raise UsageError(f"no renderer is called {to!r}", mend=f"name one of {', '.join(RENDERERS)}")
    return RENDERERS[to](policy, sidecar)
