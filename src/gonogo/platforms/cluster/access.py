"""Which cluster, and whether gonogo may use it: the kubeconfig's current context must be allowed by name."""

from __future__ import annotations

from collections.abc import Collection

from kubernetes import config
from kubernetes.config.config_exception import ConfigException

from gonogo.errors import AbsentPlatform, SettingsError
from gonogo.platforms.cluster.api import Api

__all__ = ["connect", "current_context"]


def current_context() -> str:
    """Return the name of the kubeconfig's current context.

    Raises:
        AbsentPlatform: there is no kubeconfig, or it names no context.
    """
    try:
        _, active = config.list_kube_config_contexts()  # type: ignore[no-untyped-call] # the client has no types
    except (ConfigException, OSError, TypeError) as error:
        raise AbsentPlatform(
            f"no cluster is configured: {str(error).strip() or 'the kubeconfig is empty'}",
            where="KUBECONFIG",
            mend="point KUBECONFIG to a kubeconfig whose current context is the cluster to use",
        ) from error
    return str(active["name"])


def connect(allow_contexts: Collection[str], context: str = "") -> Api:
    """Return the API of the current context's cluster.

    Args:
        allow_contexts: names of contexts that may be used (``[tool.gonogo] allow_contexts``).
        context: the one to use; the current one when empty. It must be allowed as well.

    Raises:
        AbsentPlatform: there is no usable kubeconfig.
        SettingsError: the context is not allowed; nothing was sent to its cluster.
    """
    name = context or current_context()
    if name not in allow_contexts:
        allowed = ", ".join(allow_contexts) or "none"
        raise SettingsError(
            f"the cluster of the context {name!r} may not be used (allowed: {allowed})",
            where="KUBECONFIG current-context",
            mend=f'if gonogo may create namespaces and load there, allow it: [tool.gonogo] allow_contexts = ["{name}"]',
        )
    try:
        client = config.new_client_from_config(context=name)  # type: ignore[no-untyped-call] # likewise
    except (ConfigException, OSError) as error:
        raise AbsentPlatform(
            f"the context {name!r} cannot be used: {error}", where="KUBECONFIG", mend="mend the kubeconfig"
        ) from error
    return Api(client)
