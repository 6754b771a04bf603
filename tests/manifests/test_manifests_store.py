"""ConfigMaps and Secrets: their limits, and that no Secret is ever shown."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.manifests.check import check
from gonogo.manifests.findings import Finding
from gonogo.manifests.secret import SecretBytes, SecretText
from gonogo.manifests.syntax import parse
from gonogo.manifests.topology import ConfigMapVolume, EnvVar

Checked = Callable[[str], tuple[Finding, ...]]


@pytest.mark.parametrize(
    "fields",
    [
        "data: {token: hunter2!}",
        "data: {token: aHVudGVyM}",
        "stringData: {token: 271828}",
        "data: {token: [hunter2]}",
        "data: {token: {a: hunter2}}",
        "data: hunter2",
        "type: {a: hunter2}",
    ],
)
def test_a_fault_in_a_secret_does_not_show_its_value(checked: Checked, fields: str) -> None:
    """The finding names the key, never what stands there."""
    found = checked(f"apiVersion: v1\nkind: Secret\nmetadata: {{name: store}}\n{fields}\n")
    assert len(found) == 1
    assert not any(value in str(found) for value in ("hunter2", "aHVudGVyM", "271828"))


@given(st.text(st.characters(codec="ascii", exclude_categories=["C"]), min_size=8, max_size=40))
def test_no_value_of_a_secret_is_in_any_finding(value: str) -> None:
    """Whatever a Secret holds, as data or as text, valid or not, no finding repeats it."""
    quoted = "'" + value.replace("'", "''") + "'"
    for field in ("data", "stringData"):
        text = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: store}}\n{field}: {{token: {quoted}}}\n"
        assert all(value not in str(finding) for finding in check(parse(text, "f")))


@given(st.text(min_size=4))
def test_secret_text_works_like_text_and_has_no_repr(value: str) -> None:
    """It is equal to the text it holds, and no repr gives it away, not even inside other values."""
    variable = EnvVar("TOKEN", value, secret=True)
    assert variable.value == value
    assert repr(variable) == repr(EnvVar("TOKEN", "something else", secret=True))
    assert repr([SecretText(value)]) == "['***']"


def test_secret_bytes_work_like_bytes_and_have_no_repr() -> None:
    """Likewise for the files of a Secret."""
    volume = ConfigMapVolume("v", {"token": b"hunter2"}, secret=True)
    assert volume.files == {"token": b"hunter2"}
    assert repr(volume.files) == "{'token': b'***'}"
    assert isinstance(volume.files["token"], SecretBytes)


def test_base64_may_be_folded_over_lines(checked: Checked) -> None:
    """Long values are often broken into lines, and Kubernetes reads them."""
    encoded = base64.encodebytes(b"x" * 200).decode().replace("\n", "\n    ").rstrip()
    text = f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: store\ndata:\n  token: |\n    {encoded}\n"
    assert checked(text) == ()


@pytest.mark.parametrize(("size", "rules"), [(1024 * 1024, []), (1024 * 1024 + 1, ["store-too-large"])])
def test_a_config_map_holds_one_mebibyte(checked: Checked, size: int, rules: list[str]) -> None:
    """Kubernetes refuses more than 1 MiB in all."""
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: body}}\ndata: {{image.json: {'x' * size}}}\n"
    assert [finding.rule for finding in checked(text)] == rules
