"""What the proxy takes from its environment, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo_services.composition.backend import Backend, Policy
from gonogo_services.composition.config_file import read_config, read_config_file
from gonogo_services.composition.parameters import Parameters, Switch
from gonogo_services.composition.rules import Rule, excluding, read_rules
from gonogo_services.composition.settings import ProxySettings
from gonogo_services.errors import SettingsError

SERVICES = {"SERVICE_SETOSA": "setosa:8000", "SERVICE_VERSICOLOR": "http://versicolor:8001/"}


def parameters(values: dict[str, str]) -> Parameters:
    """Read the parameters of setosa and versicolor."""
    return Parameters.read(values, ["setosa", "versicolor"], who="start", now_s=1.0)


def test_a_service_is_host_and_port_or_a_url() -> None:
    """Both ways to write a place give a URL without a slash at the end."""
    urls = [one.url for one in ProxySettings.from_environment(SERVICES).backends.values()]
    assert urls == ["http://setosa:8000", "http://versicolor:8001"]


def test_defaults_hold_where_nothing_is_said() -> None:
    """Without a word, a service is active and collected, at a threshold of 0.95, and fails the request."""
    assert parameters({}).switches["setosa"] == Switch(0.95, active=True, collect=True)
    assert ProxySettings.from_environment(SERVICES).backends["setosa"].policy is Policy.FAIL


def test_what_is_said_of_one_service_counts_more_than_the_default() -> None:
    """DEFAULT_THRESHOLD, DEFAULT_POLICY and DEFAULT_TIMEOUT_S hold for the others only."""
    values = SERVICES | {"DEFAULT_POLICY": "omit", "POLICY_SETOSA": "default", "DEFAULT_TIMEOUT_S": "3"}
    backends = ProxySettings.from_environment(values | {"TIMEOUT_S_SETOSA": "0.5"}).backends
    assert [(one.policy, one.timeout_s) for one in backends.values()] == [(Policy.DEFAULT, 0.5), (Policy.OMIT, 3.0)]
    thresholds = parameters({"DEFAULT_THRESHOLD": "0.5", "THRESHOLD_SETOSA": "0.9"}).switches
    assert [one.threshold for one in thresholds.values()] == [0.9, 0.5]


def test_what_kubernetes_tells_about_services_is_no_setting() -> None:
    """A Service called service-setosa adds variables that begin alike to every container of its namespace."""
    links = {
        "SERVICE_SETOSA_SERVICE_HOST": "10.0.0.7",
        "SERVICE_SETOSA_SERVICE_PORT": "8000",
        "SERVICE_SETOSA_SERVICE_PORT_HTTP": "8000",
        "SERVICE_SETOSA_PORT": "tcp://10.0.0.7:8000",
        "SERVICE_SETOSA_PORT_8000_TCP_ADDR": "10.0.0.7",
    }
    assert list(ProxySettings.from_environment(SERVICES | links).backends) == ["setosa", "versicolor"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("THRESHOLD_SETOSA", "high"),
        ("THRESHOLD_SETOSA", "1.01"),
        ("THRESHOLD_SETOSA", "-0.1"),
        ("THRESHOLD_SETOSA", "nan"),
        ("THRESHOLD_SETOSA", ""),
        ("DEFAULT_THRESHOLD", "95%"),
        ("ACTIVATE_SETOSA", "2"),
        ("ACTIVATE_SETOSA", "true"),
        ("COLLECT_SETOSA", ""),
        ("ACTIVATE_", "1"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(variable: str, value: str) -> None:
    """Thresholds are from 0 to 1; switches are 1 or 0."""
    with pytest.raises(SettingsError, match=variable):
        parameters({variable: value})


@pytest.mark.parametrize("prefix", ["THRESHOLD", "ACTIVATE", "COLLECT"])
def test_a_parameter_of_no_service_is_refused(prefix: str) -> None:
    """A mistyped name does not leave the service that was meant at its default."""
    with pytest.raises(SettingsError, match=f"{prefix}_ROSE is set, but SERVICE_ROSE is not"):
        parameters({f"{prefix}_ROSE": "1"})


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SERVICE_SETOSA", ""),
        ("SERVICE_SETOSA", "setosa"),
        ("SERVICE_SETOSA", "ftp://setosa:8000"),
        ("SERVICE_SETOSA", "http://setosa:99999"),
        ("SERVICE_SETOSA", "http://setosa:8000/?a=1"),
        ("SERVICE_OMITTED", "omitted:8000"),
        ("SERVICE_9", "nine:8000"),
        ("POLICY_SETOSA", "ignore"),
        ("POLICY_ROSE", "omit"),
        ("DEFAULT_POLICY", "retry"),
        ("TIMEOUT_S_SETOSA", "0"),
        ("TIMEOUT_S_SETOSA", "1s"),
        ("DEADLINE_S", "-1"),
        ("RETRIES", "6"),
        ("RETRY_BUDGET", "1.1"),
        ("CONNECTIONS", "0"),
        ("COLLECTED_ROWS", "0"),
        ("ADMIN_TOKEN_ALICE", "short"),
        ("EXCLUDE_GIANT", "sepal_length"),
        ("EXCLUDE_GIANT", "sepal_length > tall"),
        ("EXCLUDE_GIANT", "stem_length > 3"),
        ("EXCLUDE_GIANT", "sepal_length > 3 or petal_length > 3"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(variable: str, value: str) -> None:
    """The proxy does not start, and says which variable it is about."""
    with pytest.raises(SettingsError, match=variable):
        ProxySettings.from_environment(SERVICES | {variable: value})


def test_a_proxy_needs_services() -> None:
    """Without any SERVICE_ there is nothing to ask."""
    with pytest.raises(SettingsError, match="SERVICE_"):
        ProxySettings.from_environment({})


def test_tokens_are_not_kept_in_the_clear() -> None:
    """Settings that are shown or dumped do not give a token away."""
    settings = ProxySettings.from_environment(SERVICES | {"ADMIN_TOKEN_ALICE": "sesame-sesame-sesame"})
    assert "sesame" not in repr(settings)


def test_a_rule_excludes_when_all_its_comparisons_hold() -> None:
    """Comparisons are joined by and."""
    [rule] = read_rules({"EXCLUDE_GIANT": "sepal_length > 30 and petal_length >= 30.5"})
    assert rule.excludes((30.1, 1, 30.5, 1))
    assert not rule.excludes((30.0, 1, 30.5, 1))
    assert not rule.excludes((30.1, 1, 30.4, 1))


def test_the_first_rule_that_excludes_is_named() -> None:
    """Rules are tried in the order of their names."""
    rules = read_rules({"EXCLUDE_B": "sepal_width < 1", "EXCLUDE_A": "sepal_width < 2", "EXCLUDE_C": "petal_width > 9"})
    assert getattr(excluding(rules, (1, 0.5, 1, 1)), "name", None) == "a"
    assert excluding(rules, (1, 3, 1, 1)) is None


@given(st.text(max_size=40))
def test_any_text_is_a_rule_or_is_refused_by_name(text: str) -> None:
    """Nothing else happens, whatever is written."""
    try:
        Rule.parse("odd", text)
    except SettingsError as error:
        assert "EXCLUDE_ODD" in str(error)  # noqa: PT017 - either way is right


@given(st.text(max_size=40))
def test_any_text_is_a_place_or_is_refused_by_name(text: str) -> None:
    """Nothing else happens, whatever is written."""
    try:
        assert Backend.url_of("SERVICE_ODD", text).startswith("http")
    except SettingsError as error:
        assert "SERVICE_ODD" in str(error)  # noqa: PT017 - either way is right


@given(st.floats(0, 1), st.booleans(), st.booleans(), st.integers(1, 2**40))
def test_parameters_survive_their_form_in_shared_memory(
    threshold: float,
    active: bool,  # noqa: FBT001 - hypothesis gives it
    collect: bool,  # noqa: FBT001 - likewise
    version: int,
) -> None:
    """What a worker reads is what another one wrote."""
    before = Parameters({"setosa": Switch(threshold, active, collect)}, version, "alice", 1.5)
    assert Parameters.from_bytes(before.to_bytes()) == before


def test_a_config_file_has_the_variables_of_the_environment() -> None:
    """Comments and empty lines say nothing."""
    assert read_config("# ours\n\nTHRESHOLD_SETOSA = 0.9\nACTIVATE_SETOSA=0\n", "file") == {
        "THRESHOLD_SETOSA": "0.9",
        "ACTIVATE_SETOSA": "0",
    }


@pytest.mark.parametrize("line", ["SERVICE_SETOSA=else:1", "ACTIVATE_SETOSA", "ACTIVATE_SETOSA=1\nACTIVATE_SETOSA=0"])
def test_a_config_file_of_anything_else_is_refused_with_the_line(line: str) -> None:
    """Services do not change while the proxy runs, and no parameter stands there twice."""
    with pytest.raises(SettingsError, match=r"file:[12]: "):
        read_config(line, "file")


def test_a_config_file_that_is_missing_is_named(tmp_path: Path) -> None:
    """The proxy does not start without the file that it was told to read."""
    with pytest.raises(SettingsError, match=r"CONFIG_FILE=.*nothing-here"):
        read_config_file(tmp_path / "nothing-here")
