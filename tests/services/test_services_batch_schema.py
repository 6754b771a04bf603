"""Whatever a client sends, the batch service answers as its OpenAPI document says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from fixtures.batch_tables import prepared_table
from gonogo_services.batch.app import create_app


@pytest.mark.parametrize("mode", GenerationMode)
def test_every_answer_is_one_that_is_documented(mode: GenerationMode, tmp_path: Path) -> None:
    """Requests made from the document, good ones and bad ones, get a documented status and form and never a 500."""
    with prepared_table(f"sqlite:///{tmp_path}/batch.db") as table:
        schema = schemathesis.openapi.from_asgi("/openapi.json", create_app(table.database))
        cases = [
            schema[path][method].as_strategy(generation_mode=mode)
            for path, methods in schema.raw_schema["paths"].items()
            for method, operation in methods.items()
            # The others take nothing that could be wrong.
            if mode is GenerationMode.POSITIVE or "requestBody" in operation or "parameters" in operation
        ]

        @settings(max_examples=40, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
        @given(st.one_of(cases))
        def ask(case: schemathesis.Case[Any]) -> None:
            case.call_and_validate()

        ask()
