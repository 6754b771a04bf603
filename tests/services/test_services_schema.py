"""Whatever a client sends, every flavour of the iris service answers as its OpenAPI document says."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from gonogo_services.iris.app import create_app
from gonogo_services.iris.classifier import Classifier
from gonogo_services.iris.flavour import Flavour


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("flavour", Flavour)
def test_every_answer_is_one_that_is_documented(flavour: Flavour, mode: GenerationMode, forest: Classifier) -> None:
    """Requests made from the document, good ones and bad ones, get a documented status and form and never a 500.

    Good ones are answered with 200, bad ones with a client error.
    """
    schema = schemathesis.openapi.from_asgi("/openapi.json", create_app(forest, flavour))
    cases = [
        schema[path][method].as_strategy(generation_mode=mode)
        for path, methods in schema.raw_schema["paths"].items()
        for method in methods
        # The others take nothing that could be wrong.
        if mode is GenerationMode.POSITIVE or method == "post" or "{" in path
    ]

    @settings(max_examples=30, database=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.one_of(cases))
    def ask(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate()

    ask()
