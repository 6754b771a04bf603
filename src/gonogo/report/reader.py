"""Reading a judgment back from its folder."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from gonogo.errors import UsageError
from gonogo.gate.judgment import Judgment
from gonogo.report.document import SCHEMA, Document, judgment_of
from gonogo.report.plain import one_line

__all__ = ["read"]

_MEND = "give a judgment folder, or the judgment.json that a gonogo session wrote"


def read(path: Path) -> Judgment:
    """Return the judgment in ``path``, a judgment folder or its judgment.json.

    Raises:
        UsageError: there is none, it cannot be read, or it is something else.
    """
    file = path / "judgment.json" if path.is_dir() else path
    try:
        document = json.loads(file.read_bytes(), parse_constant=_refuse)
    except OSError as error:
        raise UsageError(
            f"no judgment can be read here: {error.strerror or error}", where=str(file), mend=_MEND
        ) from error
    except ValueError as error:
        raise UsageError(f"this is no JSON: {one_line(str(error))}", where=str(file), mend=_MEND) from error
    if not isinstance(document, dict) or "schema" not in document:
        raise UsageError("this is JSON, but no judgment", where=str(file), mend=_MEND)
    if document["schema"] != SCHEMA:
        raise UsageError(
            f"the judgment has the schema {one_line(str(document['schema']))!r}, and this gonogo reads {SCHEMA}",
            where=str(file),
            mend="read it with the gonogo that wrote it",
        )
    try:
        return judgment_of(Document.model_validate(document))
    except ValidationError as error:
        raise UsageError(
            f"the judgment is damaged: {_first_fault(error)}", where=str(file), mend="judge again"
        ) from error


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


def _first_fault(error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_context=False)
    place = ".".join(str(part) for part in faults[0]["loc"]) or "the document"
    rest = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return one_line(f"{place}: {faults[0]['msg']}{rest}")
