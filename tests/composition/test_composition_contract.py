"""What the services document is what they answer, to whatever schemathesis makes of the document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from fixtures.patience import PATIENCE_S
from gonogo_services.iris.training import train
from tests.composition.programs import Program, Start

Case = schemathesis.Case[Any]

EXAMPLES = settings(
    max_examples=15,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def probe(url: str, *, refuses_by_content: bool = False, **headers: str) -> int:
    """Send cases to every operation of the service at ``url``, check each answer, and return how many operations.

    ``refuses_by_content``: it may refuse what its schema allows, because a schema cannot say what is an image.
    """
    schemathesis.checks.load_all_checks()
    excluded: list[Any] = [schemathesis.checks.CHECKS.get_one("positive_data_acceptance")] if refuses_by_content else []
    count = 0
    for result in schemathesis.openapi.from_url(f"{url}/openapi.json", timeout=PATIENCE_S).get_all_operations():
        assert isinstance(result, schemathesis.core.result.Ok), result
        operation = result.ok()

        @EXAMPLES
        @given(case=operation.as_strategy())
        def answers_as_documented(case: Case) -> None:
            case.call_and_validate(headers=headers, timeout=PATIENCE_S, excluded_checks=excluded)

        answers_as_documented()
        count += 1
    return count


def test_a_one_vs_rest_service_answers_as_documented(services: dict[str, Program]) -> None:
    """No 500, and no answer that /openapi.json does not have."""
    assert probe(services["setosa"].url) == 5


def test_the_iris_service_answers_as_documented(start: Start, tmp_path: Path) -> None:
    """The common service, on the same terms."""
    train("iris_svc.onnx", tmp_path / "iris_svc.onnx")
    assert probe(start("iris", {"MODEL_FILEPATH": str(tmp_path / "iris_svc.onnx")}).url) == 7


def test_the_proxy_answers_as_documented(proxy: Program) -> None:
    """Without a token, so that nothing changes."""
    assert probe(proxy.url) == 9


def test_admin_calls_answer_as_documented(start: Start, reference: dict[str, str]) -> None:
    """With a token, parameters change as cases say."""
    proxy = start("composition", reference)
    assert probe(proxy.url, authorization="Bearer a-token-for-these-tests") == 9
