"""The figures of a run as lines for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gonogo.units import format_bytes, format_count, format_duration, format_share

__all__ = ["figures"]


def figures(summary: Mapping[str, Any]) -> str:
    """Return the summary (the dict of summary.json) as aligned lines."""
    rows = [
        ("requests", f"{format_count(summary['requests'])} of {format_count(summary['due'])} due"),
        ("rate", f"{_number(summary['rate'])}/s"),
        ("throughput", f"{_number(summary['throughput'])}/s"),
        (
            "duration",
            f"{_time(summary['duration_s'])} (attack {_time(summary['attack_s'])}, wait {_time(summary['wait_s'])})",
        ),
        ("latency", _spread(summary["latency_s"], ("min", "mean", "p50", "p90", "p95", "p99", "p999", "max"))),
        ("lag", _spread(summary["lag_s"], ("p50", "p99", "max"))),
        ("bytes", f"{format_bytes(summary['bytes_in'])} in, {format_bytes(summary['bytes_out'])} out"),
        ("success", "unknown" if summary["success_ratio"] is None else format_share(summary["success_ratio"])),
        ("statuses", ", ".join(f"{code}: {format_count(n)}" for code, n in summary["status"].items()) or "none"),
    ]
    if summary["errors"]:
        rows.append(("errors", ", ".join(f"{kind}: {format_count(n)}" for kind, n in summary["errors"].items())))
    return "\n".join(f"{name:<12}{text}" for name, text in rows)


def _spread(figures_s: Mapping[str, float | None], names: tuple[str, ...]) -> str:
    return ", ".join(f"{name} {_time(figures_s.get(name))}" for name in names)


def _time(seconds: float | None) -> str:
    return "unknown" if seconds is None else format_duration(seconds)


def _number(number: float | None) -> str:
    return "unknown" if number is None else f"{number:,.1f}"
