"""The facts of a run as JSON and back."""

from __future__ import annotations

from dataclasses import asdict

from pydantic import TypeAdapter, ValidationError

from gonogo.errors import UsageError
from gonogo.runs.run import RunFacts

__all__ = ["facts_from_json", "facts_to_json"]

_ADAPTER = TypeAdapter(RunFacts)


def facts_to_json(facts: RunFacts) -> dict[str, object]:
    """Return ``facts`` as plain JSON values."""
    return asdict(facts)


def facts_from_json(text: str | bytes, *, where: str) -> RunFacts:
    """Return the facts in JSON ``text``.

    Raises:
        UsageError: they are not those of a run.
    """
    try:
        return _ADAPTER.validate_json(text)
    except ValidationError as error:
        fault = error.errors()[0]
        field = ".".join(map(str, fault["loc"]))
        raise UsageError(
            f"the run's facts cannot be read: {field}: {fault['msg']}", where=where, mend="store the run again"
        ) from error
