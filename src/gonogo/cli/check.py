"""``gonogo check``: what is wrong with manifests, before anything starts."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import Annotated

import typer

from gonogo.errors import ManifestError
from gonogo.manifests import check as manifest_check
from gonogo.manifests.findings import Severity
from gonogo.manifests.reader import read

__all__ = ["check"]


def check(
    paths: Annotated[list[str], typer.Argument(metavar="PATH…|-", help="Files and folders of YAML; - reads stdin.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,  # noqa: FBT002
) -> int:
    """Say what is wrong with manifests: file, object, field, consequence and mend."""
    documents = read(paths, stdin=sys.stdin)
    if not documents:
        raise ManifestError("no manifests found", where=" ".join(paths), mend="name files or folders of YAML")
    findings = manifest_check.check(documents)
    if as_json:
        rows = [{**dataclasses.asdict(one), "severity": str(one.severity)} for one in findings]
        typer.echo(json.dumps(rows, indent=2))
    else:
        for finding in findings:
            typer.echo(str(finding))
        counts = [f"{sum(one.severity is level for one in findings)} {level}s" for level in Severity]
        typer.echo(f"{len(documents)} objects: {', '.join(counts)}")
    return 1 if any(one.severity is Severity.ERROR for one in findings) else 0
