"""Where a judgment comes from: time, machine, versions, commit. Read at the edge, shown folded away in reports."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from gonogo.units import format_bytes

__all__ = ["file_hashes", "provenance"]

PACKAGES = ("gonogo", "pytest", "uvloop", "httptools", "numpy", "onnxruntime", "fastapi", "uvicorn")


def provenance(root: Path, arguments: Sequence[str]) -> Mapping[str, object]:
    """Return ``started_at`` (UTC, ISO 8601), ``command``, ``commit``, ``machine`` and ``versions`` of this session."""
    return {
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(arguments),
        "commit": _commit(root),
        "machine": {
            "host": platform.node(),
            "system": f"{platform.system()} {platform.release()} {platform.machine()}",
            "cpu": _cpu_model(),
            "cores": len(os.sched_getaffinity(0)),
            "memory": format_bytes(psutil.virtual_memory().total),
        },
        "versions": {"python": platform.python_version(), **_versions()},
    }


def file_hashes(files: Iterable[Path], root: Path) -> Mapping[str, str]:
    """Return SHA-256 of each file by its path relative to ``root`` where it lies below it."""
    return {
        str(file.relative_to(root) if file.is_relative_to(root) else file): hashlib.sha256(
            file.read_bytes()
        ).hexdigest()
        for file in sorted(set(files))
    }


def _versions() -> Mapping[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _commit(root: Path) -> str:
    """The commit that is checked out, with a mark when files differ from it; empty outside a git checkout."""
    head = _git(root, "rev-parse", "HEAD")
    if not head:
        return ""
    return f"{head} with changes" if _git(root, "status", "--porcelain", "--untracked-files=no") else head


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command
            ["git", "-C", str(root), *arguments],  # noqa: S607 - git is where the user has it
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
