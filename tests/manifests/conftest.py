"""Short ways from YAML text to what this room makes of it."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest

from gonogo.manifests.build import Reading, topology
from gonogo.manifests.check import check
from gonogo.manifests.findings import Finding
from gonogo.manifests.syntax import parse

Checked = Callable[[str], tuple[Finding, ...]]
Built = Callable[[str], Reading]


@pytest.fixture
def checked() -> Checked:
    """Return the findings about YAML text that stands in ``iris.yaml``."""
    return lambda text: check(parse(dedent(text), "iris.yaml"))


@pytest.fixture
def built() -> Built:
    """Return the reading of YAML text that stands in ``iris.yaml``."""
    return lambda text: topology(parse(dedent(text), "iris.yaml"))
