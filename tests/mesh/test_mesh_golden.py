"""Rendered configurations that a person can review, and what the real proxies say about them.

After a change that is meant, write them anew: ``GONOGO_GOLDEN=write pytest tests/mesh/test_mesh_golden.py``.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gonogo.manifests.build import assemble
from gonogo.manifests.check import check
from gonogo.manifests.findings import Severity
from gonogo.manifests.reader import read as read_files
from gonogo.mesh import RENDERERS, envoy_filters, layout, read, render
from tests.mesh.proxies import envoy_says, nginx_says

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(path.stem for path in (GOLDEN / "manifests").glob("*.yaml"))
SUFFIX = {"envoy": "envoy.yaml", "nginx": "nginx.conf"}
SAYS = {"envoy": envoy_says, "nginx": nginx_says}


def rendered(case: str, to: str) -> tuple[str, str]:
    """Return the text of a case and its findings, one a line."""
    assembly = assemble(read_files([GOLDEN / "manifests" / f"{case}.yaml"]))
    made = render(read(assembly), layout(assembly.topology), to=to)
    return made.text, "".join(
        f"{finding.severity} {finding.field}: {finding.consequence}\n" for finding in made.findings
    )


def compare(file: str, made: str) -> None:
    """Hold ``made`` against a golden file, which does not exist where nothing is made; or write it anew."""
    golden = GOLDEN / file
    if os.environ.get("GONOGO_GOLDEN") == "write":
        golden.write_text(made) if made else golden.unlink(missing_ok=True)
    assert made == (golden.read_text() if golden.exists() else "")


@pytest.mark.parametrize("to", sorted(RENDERERS))
@pytest.mark.parametrize("case", CASES)
def test_the_rendering_is_the_reviewed_one(case: str, to: str) -> None:
    """Text and findings are those in the golden files."""
    text, findings = rendered(case, to)
    for file, made in ((f"{case}.{SUFFIX[to]}", text), (f"{case}.{to}.findings.txt", findings)):
        compare(file, made)


@pytest.mark.parametrize("case", CASES)
def test_the_envoy_filters_are_the_reviewed_ones(case: str) -> None:
    """What Istio gets beside its own objects; nothing for most."""
    assembly = assemble(read_files([GOLDEN / "manifests" / f"{case}.yaml"]))
    compare(f"{case}.istio.yaml", envoy_filters(read(assembly), layout(assembly.topology)))


@pytest.mark.parametrize("to", sorted(RENDERERS))
@pytest.mark.parametrize("case", CASES)
def test_the_real_proxy_takes_the_rendering(case: str, to: str, tmp_path: Path) -> None:
    """The proxy's own check of the configuration has nothing against it."""
    text, _ = rendered(case, to)
    assert SAYS[to](text.replace("/dev/stdout", str(tmp_path / "access.json")), tmp_path) == ""


@pytest.mark.parametrize("case", CASES)
def test_the_manifests_have_no_errors(case: str) -> None:
    """A golden file shows what is carried out, not what is left out."""
    found = check(read_files([GOLDEN / "manifests" / f"{case}.yaml"]))
    assert [str(finding) for finding in found if finding.severity is Severity.ERROR] == []
