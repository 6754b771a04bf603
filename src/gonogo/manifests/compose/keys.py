"""The keys of a docker-compose file: which are read, which change nothing here, and what follows from the others.

https://github.com/compose-spec/compose-spec/blob/main/schema/compose-spec.json
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gonogo.manifests import notes
from gonogo.manifests.compose.rules import COMPOSE_KEY_UNKNOWN, COMPOSE_KEY_UNSUPPORTED
from gonogo.manifests.fit import closest
from gonogo.manifests.rule import Place
from gonogo.manifests.shape import Note

__all__ = ["DEPLOY_KEYS", "ONE_NETWORK", "SERVICE_KEYS", "TOP_KEYS", "sift"]

_CONFIG: Final = "let docker compose do it first: `docker compose config | gonogo check -`"


def _unsupported(consequence: str, mend: str) -> Note:
    return Note(COMPOSE_KEY_UNSUPPORTED, consequence, mend)


def _unused(consequence: str) -> Note:
    return Note(notes.FIELD_NOT_USED, consequence, "nothing to do here; test it with docker if it matters")


def _changes(consequence: str, mend: str) -> Note:
    return Note(notes.FIELD_NOT_HONOURED, consequence, mend)


_LIMITS: Final = _unused("only limits of CPU and memory are held here")
_MERGED: Final = _unsupported("what it names is not merged in: the service would run otherwise", _CONFIG)
ONE_NETWORK: Final = _unused("all services are in one network: what networks keep apart is not tested")
"""What follows from several networks."""

_READ: Final = (
    "annotations",
    "command",
    "configs",
    "container_name",
    "cpus",
    "depends_on",
    "deploy",
    "entrypoint",
    "env_file",
    "environment",
    "expose",
    "healthcheck",
    "image",
    "labels",
    "mem_limit",
    "mem_reservation",
    "networks",
    "ports",
    "profiles",
    "restart",
    "scale",
    "secrets",
    "stop_grace_period",
    "tmpfs",
    "volumes",
    "working_dir",
)
_HARMLESS: Final = ("attach", "develop", "init", "logging", "platform", "pull_policy", "pull_refresh_after")
_NOTED: Final[Mapping[Note, tuple[str, ...]]] = {
    notes.PRIVILEGES: (
        "cap_add",
        "cap_drop",
        "credential_spec",
        "group_add",
        "isolation",
        "privileged",
        "read_only",
        "runtime",
        "security_opt",
        "user",
        "userns_mode",
    ),
    notes.HOST_NAME: ("domainname", "hostname", "mac_address"),
    notes.RESOLVER: ("dns", "dns_opt", "dns_search"),
    notes.TERMINAL: ("stdin_open", "tty"),
    _LIMITS: (
        "blkio_config",
        "cgroup",
        "cgroup_parent",
        "cpu_count",
        "cpu_percent",
        "cpu_period",
        "cpu_quota",
        "cpu_rt_period",
        "cpu_rt_runtime",
        "cpu_shares",
        "cpuset",
        "mem_swappiness",
        "memswap_limit",
        "oom_kill_disable",
        "oom_score_adj",
        "pids_limit",
        "shm_size",
        "storage_opt",
        "sysctls",
        "ulimits",
    ),
    _unused("no label file is read"): ("label_file",),
    _unused("nothing is built: the image has to be there, or have a command in [tool.gonogo.images]"): ("build",),
    notes.HOST_ALIASES: ("extra_hosts",),
    notes.HOST_NAMESPACES: ("ipc", "network_mode", "pid", "uts"),
    notes.DEVICES: ("device_cgroup_rules", "devices", "gpus"),
    notes.HOOK: ("post_start", "pre_stop"),
    _changes("the other names are not known here", "use the service's own name, or an alias of a network"): ("links",),
    _changes("the program is stopped by SIGTERM", "let it end on SIGTERM"): ("stop_signal",),
    _MERGED: ("extends",),
    _unsupported("it names containers of other projects", "declare them as services of this file"): ("external_links",),
    _unsupported("volumes of another service are not shared", "name the volumes under volumes"): ("volumes_from",),
    _unsupported("gonogo starts no provider and no model", "declare a service that answers for it"): (
        "models",
        "provider",
        "use_api_socket",
    ),
}

SERVICE_KEYS: Final[Mapping[str, Note | None]] = {
    **dict.fromkeys((*_READ, *_HARMLESS)),
    **{key: note for note, keys in _NOTED.items() for key in keys},
}
TOP_KEYS: Final[Mapping[str, Note | None]] = {
    **dict.fromkeys(("configs", "name", "secrets", "services", "version", "volumes")),
    "include": _MERGED,
    "models": _unsupported("gonogo starts no model", "declare a service that answers for it"),
    "networks": None,
}
DEPLOY_KEYS: Final[Mapping[str, Note | None]] = {
    **dict.fromkeys(("labels", "replicas", "resources", "restart_policy")),
    "mode": Note(
        notes.FIELD_NOT_HONOURED,
        "there is one machine: the service runs as many replicas as it names",
        "write deploy.replicas",
        ("replicated",),
    ),
    "endpoint_mode": notes.CLUSTER_ADDRESS,
    "placement": notes.PLACEMENT,
    "rollback_config": notes.ROLLOUT,
    "update_config": notes.ROLLOUT,
}


def sift(fields: Mapping[str, object], known: Mapping[str, Note | None], place: Place) -> dict[str, object]:
    """Return the fields of ``fields`` that are read; report the others, but for those that begin with ``x-``."""
    kept: dict[str, object] = {}
    for key, value in fields.items():
        if key.startswith("x-"):
            continue
        if key not in known:
            near = closest(key, list(known))
            mend = f"did you mean {near}?" if near else "remove it, or begin its name with x-"
            (place / key).report(COMPOSE_KEY_UNKNOWN, "docker compose refuses the file", mend)
            continue
        note = known[key]
        if note is not None and value not in (None, False, "", [], {}) and value not in note.silent:
            (place / key).report(note.rule, note.consequence, note.mend)
        if value is not None:
            kept[key] = value
    return kept
