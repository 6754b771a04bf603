"""junit.xml: the judgment for the test views of CI systems.

The shape follows the schema that Ant's JUnit task set (its XSD is published as windyroad/JUnit-Schema), which GitLab,
Jenkins, GitHub actions and others read. NO-GO is a ``failure``; INCONCLUSIVE is an ``error``, because nobody may read
it as a pass; a skipped gate test is ``skipped``. The first case is the session's verdict, so that the file is
green only for GO, whatever the others say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from xml.etree import ElementTree as ET

from gonogo.gate.figure import figure
from gonogo.gate.judgment import CriterionEntry, Judgment, TestEntry, TestOutcome
from gonogo.gate.rule import judge_test
from gonogo.report.facts import host_of, started
from gonogo.report.groups import interval_text, short_test
from gonogo.report.outline import outline
from gonogo.report.plain import one_line, plain
from gonogo.verdicts.verdict import Outcome

__all__ = ["render_junit"]

_TAGS: Final = {Outcome.NO_GO: "failure", Outcome.INCONCLUSIVE: "error"}
_EPOCH: Final = datetime.fromtimestamp(0, UTC)
_FILE_END: Final = re.compile(r"\.py$")


@dataclass(frozen=True, slots=True)
class _Case:
    classname: str
    name: str
    outcome: Outcome
    message: str = ""
    detail: str = ""
    duration_s: float = 0.0
    skipped: bool = False


def render_junit(judgment: Judgment) -> str:
    """Return ``judgment`` as JUnit XML: the verdict, the gate tests and the criteria as cases."""
    verdict = _Case("gonogo", "verdict", judgment.outcome, judgment.reason, "\n".join(judgment.obstacles))
    tests = [_test_case(entry, judgment) for entry in judgment.tests]
    criteria = [_criterion_case(entry, judgment) for entry in judgment.criteria]
    root = ET.Element("testsuites")
    for index, (name, cases) in enumerate((("verdict", [verdict]), ("gate tests", tests), ("criteria", criteria))):
        root.append(_suite(index, name, cases, judgment.provenance))
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite(index: int, name: str, cases: Sequence[_Case], provenance: Mapping[str, object]) -> ET.Element:
    tags = [_TAGS.get(case.outcome, "") for case in cases if not case.skipped]
    suite = ET.Element(
        "testsuite",
        {
            "id": str(index),
            "package": "gonogo",
            "name": name,
            # The schema wants a time without a zone; the epoch stands for a start that nobody recorded.
            "timestamp": f"{started(provenance) or _EPOCH:%Y-%m-%dT%H:%M:%S}",
            "hostname": one_line(host_of(provenance)) or "localhost",
            "tests": str(len(cases)),
            "failures": str(tags.count("failure")),
            "errors": str(tags.count("error")),
            "skipped": str(sum(case.skipped for case in cases)),
            "time": _seconds(sum(case.duration_s for case in cases)),
        },
    )
    properties = ET.SubElement(suite, "properties")
    for branch in outline(provenance) if index == 0 else ():
        ET.SubElement(properties, "property", name=one_line(branch.path) or "fact", value=plain(branch.text))
    for case in cases:
        suite.append(_element(case))
    ET.SubElement(suite, "system-out")
    ET.SubElement(suite, "system-err")
    return suite


def _element(case: _Case) -> ET.Element:
    element = ET.Element(
        "testcase",
        {
            "classname": one_line(case.classname) or "gonogo",
            "name": one_line(case.name) or "unnamed",
            "time": _seconds(case.duration_s),
        },
    )
    if case.skipped:
        ET.SubElement(element, "skipped", message=one_line(case.message))
    elif case.outcome in _TAGS:
        fault = ET.SubElement(element, _TAGS[case.outcome], type=case.outcome.value, message=one_line(case.message))
        fault.text = plain(case.detail or case.message)
    return element


def _test_case(entry: TestEntry, judgment: Judgment) -> _Case:
    file, _, name = entry.id.partition("::")
    criteria = tuple(criterion for criterion in judgment.criteria if criterion.test == entry.id)
    outcome = judge_test(entry, criteria)
    passed = entry.outcome is TestOutcome.PASSED
    return _Case(
        classname=_FILE_END.sub("", file).replace("/", "."),
        name=name or entry.id,
        outcome=outcome,
        message="" if passed else f"{entry.outcome}: {entry.reason}" if entry.reason else entry.outcome.value,
        duration_s=entry.duration_s,
        skipped=entry.outcome is TestOutcome.SKIPPED,
    )


def _criterion_case(entry: CriterionEntry, judgment: Judgment) -> _Case:
    verdict = entry.verdict
    tests = [other.test for other in judgment.criteria]
    where = f" on {entry.run}" if entry.run else ""
    detail = (
        f"{verdict.reason}\nobserved {figure(verdict.observed, verdict.unit)}, {interval_text(verdict)}, "
        f"limit {figure(verdict.limit, verdict.unit)}, n = {figure(verdict.n, 'count')}"
    )
    return _Case(
        classname=f"criteria.{short_test(entry.test, tests)}",
        name=f"{verdict.expression}{where}",
        outcome=verdict.outcome,
        message=verdict.reason,
        detail=detail,
    )


def _seconds(duration_s: float) -> str:
    return f"{duration_s:.3f}"
