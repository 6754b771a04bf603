"""What warehouses kept of the clients' requests, as a run: to be judged with what users did next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from gonogo.capture.observed import observed
from gonogo.capture.tables import query
from gonogo.errors import UsageError
from gonogo.measures.sides import SERVICE
from gonogo.runs.outcome import OutcomeEvent
from gonogo.runs.run import Run, RunFacts
from gonogo.verdicts.arms import COLUMN, USER

__all__ = ["live_traffic", "refuse_repeated"]

_NEEDED: Final = (
    *("run", "request_id", "service", "subset", "side", "model", "method", "path"),
    *("began_s", "status", "flags", "latency_s", "answer"),
)
_BODIES: Final = frozenset({"input", "input_bytes", "answer_bytes"})
_RENAMED: Final = {"user_id": USER, "model": COLUMN, "subset": "sidecar_subset", "service": SERVICE}
_SUCCESS: Final = range(200, 400)
_LIVE: Final = """\
select {columns} from captures where side in ('live', 'both')
qualify row_number() over (
  partition by run, request_id order by case when side = 'both' then began_s else -began_s end
) = 1
order by began_s
"""
"""Of a request that was tried again, the client got the last answer; a model mirrored to itself gave it the first."""


def live_traffic(paths: Sequence[Path], *, service: str = "") -> Run:
    """Return the requests that clients sent, one row each, in order.

    The columns are those of a run, with ``request_id``, ``user``, ``mode`` (the model), ``sidecar_subset``,
    ``captured_service``, and the headers that were kept.

    Args:
        paths: of warehouses; see :func:`gonogo.capture.tables.sources`.
        service: that was asked, ``name`` or ``namespace/name``; may be left out where there is only one.

    Raises:
        UsageError: there is no such traffic, or several Services were captured and none is named.
    """
    where = ", ".join(map(str, paths))
    columns = query(paths, "select * from captures limit 0").columns
    if lacking := [name for name in _NEEDED if name not in columns]:
        raise UsageError(
            f"these captures have no column {lacking[0]!r}", where=where, mend="give files that gonogo wrote"
        )
    chosen = [name for name in columns if name not in _BODIES]
    quoted = ", ".join('"' + name.replace('"', '""') + '"' for name in chosen)
    table = query(paths, _LIVE.format(columns=quoted))
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    services = sorted({str(row["service"]) for row in rows})
    named = [one for one in services if service in (one, one.rpartition("/")[2])] if service else services
    if len(named) != 1:
        raise UsageError(
            f"{service!r} is no captured Service" if service else f"{len(named)} Services were captured",
            where=where,
            mend=f"name one with --service: {', '.join(services) or 'there is none'}",
        )
    return _run([row for row in rows if row["service"] == named[0]], chosen)


def refuse_repeated(run: Run, events: Sequence[OutcomeEvent]) -> None:
    """Refuse events whose request id several requests of ``run`` have, as runs with the same seed do.

    Raises:
        UsageError: there is one.
    """
    ids = Counter(str(one) for one in run.columns.extracted["request_id"])
    for event in events:
        if ids[event.request_id] > 1:
            raise UsageError(
                f"{ids[event.request_id]} requests have the id {event.request_id!r}",
                where=f"event {event.event!r}",
                mend="drive each run with its own seed, or tell events by user",
            )


def _run(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> Run:
    began = np.array([row["began_s"] for row in rows], np.float64)
    due = began - began[0]
    latency = np.array([np.nan if row["latency_s"] is None else row["latency_s"] for row in rows], np.float64)
    status = np.array([row["status"] or 0 for row in rows], np.int16)
    whole = np.array([row["answer"] is not None and not row["flags"] for row in rows], np.bool_)
    names = [f"{row['method'] or ''} {row['path'] or ''}".strip() or "unknown" for row in rows]
    targets = tuple(dict.fromkeys(names))
    place = {name: index for index, name in enumerate(targets)}
    kept = ["request_id", *_RENAMED, *(name for name in columns if name not in _NEEDED)]
    span = float(due[-1])
    return Run(
        observed(
            due,
            latency,
            status,
            (status >= _SUCCESS.start) & (status < _SUCCESS.stop) & whole,
            {_RENAMED.get(name, name): np.array([row.get(name) for row in rows], dtype=object) for name in kept},
            target=np.array([place[name] for name in names], np.int16),
        ),
        RunFacts(
            name="warehouse",
            targets=targets,
            rate=None,
            duration_s=span,
            attack_s=span,
            wait_s=max(0.0, float(np.nanmax(due + latency, initial=span)) - span),
            timeout_s=float(np.nanmax(latency, initial=0.0)) or 1.0,
            connections=1,
            started_at=datetime.fromtimestamp(float(began[0]), UTC).isoformat(timespec="milliseconds"),
        ),
    )
