"""From files, folders and standard input to documents."""

from __future__ import annotations

import io
from contextlib import suppress
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.errors import ManifestError
from gonogo.manifests.reader import read
from gonogo.manifests.syntax import parse

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n"


def fault(text: str) -> ManifestError:
    """Return the error that reading ``text`` raises."""
    with pytest.raises(ManifestError) as caught:
        parse(dedent(text), "iris.yaml")
    return caught.value


def test_a_folder_is_read_recursively_in_order_of_names(tmp_path: Path) -> None:
    """YAML and JSON files count, hidden ones and others do not, and each keeps the name that the user gave."""
    (tmp_path / "b").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "b" / "two.yml").write_text(CONFIG.format(name="two"))
    (tmp_path / "a.yaml").write_text(CONFIG.format(name="one"))
    (tmp_path / "c.json").write_text('{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "three"}}')
    (tmp_path / "notes.txt").write_text("not YAML: [")
    (tmp_path / ".git" / "x.yaml").write_text("[")
    documents = read([tmp_path])
    assert [(d.name, d.source.file) for d in documents] == [
        ("one", str(tmp_path / "a.yaml")),
        ("two", str(tmp_path / "b" / "two.yml")),
        ("three", str(tmp_path / "c.json")),
    ]


def test_standard_input_is_a_dash() -> None:
    """``-`` reads what the caller hands in, and findings call it ``-``."""
    [document] = read(["-"], stdin=io.StringIO(CONFIG.format(name="piped")))
    assert (document.name, document.source.file) == ("piped", "-")


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    """A folder and a file in it do not declare the same objects twice."""
    file = tmp_path / "a.yaml"
    file.write_text(CONFIG.format(name="one"))
    assert len(read([tmp_path, file])) == 1


@pytest.mark.parametrize("name", ["missing.yaml", "empty"])
def test_a_path_without_manifests_is_named(tmp_path: Path, name: str) -> None:
    """A file that is not there and a folder that holds none are errors about that path."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(ManifestError) as caught:
        read([tmp_path / name])
    assert caught.value.where == str(tmp_path / name)


def test_only_empty_documents_are_no_manifests(tmp_path: Path) -> None:
    """A file of comments and separators declares nothing, which is an error and not an empty stack."""
    file = tmp_path / "a.yaml"
    file.write_text("---\n# nothing\n---\n\n")
    with pytest.raises(ManifestError, match="no object is declared"):
        read([file])


def test_a_file_that_is_no_utf_8_names_the_line(tmp_path: Path) -> None:
    """Bytes that are no text are an error with file and line."""
    file = tmp_path / "a.yaml"
    file.write_bytes(b"kind: ConfigMap\nname: \xff\n")
    with pytest.raises(ManifestError) as caught:
        read([file])
    assert caught.value.where == f"{file}:2"


def test_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    """Files saved with a mark are read like any other."""
    file = tmp_path / "a.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + CONFIG.format(name="one").encode())
    assert read([file])[0].kind == "ConfigMap"


def test_documents_know_their_lines() -> None:
    """A document begins at its first field, and each field has the line of its key."""
    first, second = parse("---\n---\n" + CONFIG.format(name="one") + "---\n# x\n" + CONFIG.format(name="two"), "f")
    assert (first.source.line, second.source.line) == (3, 9)
    assert second.at(("metadata", "name")).line == 12


def test_a_missing_field_has_the_line_of_what_it_is_missing_from() -> None:
    """A finding about a field that is not there points to the nearest one above it."""
    [document] = parse(CONFIG.format(name="one"), "f")
    assert document.at(("metadata", "labels", "app")).line == 3


def test_positions_in_lists_have_lines() -> None:
    """An item of a list stands where its first field stands."""
    [document] = parse("kind: Pod\nspec:\n  containers:\n    - name: a\n    - name: b\n      image: c\n", "f")
    assert document.at(("spec", "containers", 1, "image")).line == 6


def test_a_list_is_its_items() -> None:
    """``kind: List``, as kubectl prints it, is expanded, and each item keeps its line."""
    documents = parse(
        "kind: List\napiVersion: v1\nitems:\n  - kind: Pod\n    metadata: {name: a}\n  - kind: Service\n", "f"
    )
    assert [(d.kind, d.source.line) for d in documents] == [("Pod", 4), ("Service", 6)]


def test_a_key_given_twice_names_both_lines() -> None:
    """YAML would take the second in silence; here both places are named."""
    error = fault("kind: Pod\nspec:\n  a: 1\n  a: 2\n")
    assert error.where == "iris.yaml:4:3"
    assert error.what == "the key 'a' stands here and on line 3"


@pytest.mark.parametrize(
    ("text", "where", "mend"),
    [
        ("kind: Pod\n\tname: x\n", "iris.yaml:2:1", "indent with spaces"),
        ("kind: {{ .Values.kind }}\n", "iris.yaml:1:8", "helm template"),
        ("a: b: c\n", "iris.yaml:1:5", "quotes"),
        ("a: [1, 2\n", "iris.yaml:2:1", "brackets"),
        ("a: *nothing\n", "iris.yaml:1:4", "name"),
        ("a: !!python/object:os.system x\n", "iris.yaml:1:4", "remove the tag"),
        ("- a\n- b\n", "iris.yaml:1", "apiVersion"),
        ("on: x\n", "iris.yaml:1:1", '"on" in quotes'),
        ("? [a]\n: b\n", "iris.yaml:1:3", "text key"),
        ("kind: List\nitems: x\n", "iris.yaml:1", "write -"),
        ("<<: 3\n", "iris.yaml:1:1", "alias of a mapping"),
    ],
)
def test_broken_yaml_is_one_clear_error(text: str, where: str, mend: str) -> None:
    """What cannot be read names file, line and column, and says how to mend it."""
    error = fault(text)
    assert error.where == where
    assert mend in error.mend


def test_aliases_do_not_blow_up() -> None:
    """A file of a few lines that grows to billions of values is refused."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    assert "aliases" in fault("\n".join(lines)).what


def test_an_alias_inside_its_own_anchor_is_refused() -> None:
    """A value cannot contain itself."""
    assert "*a" in fault("a: &a [*a]\n").what


def test_deep_nesting_is_refused() -> None:
    """A file nested without end does not exhaust the stack."""
    assert "deep" in fault("[" * 5000 + "]" * 5000).what


def test_aliases_and_merges_are_read() -> None:
    """Anchors, aliases and ``<<`` give what a cluster reads; own keys win over merged ones."""
    [document] = parse("kind: Pod\nfirst: &x {a: 1, b: 2}\nsame: *x\nmore:\n  <<: [*x, {c: 4}]\n  b: 3\n", "f")
    assert document.body["same"] == {"a": 1, "b": 2}
    assert document.body["more"] == {"a": 1, "b": 3, "c": 4}


def test_number_keys_are_text() -> None:
    """A key that is written as a whole number is that text, as in JSON."""
    [document] = parse("kind: ConfigMap\ndata: {8000: x}\n", "f")
    assert document.body["data"] == {"8000": "x"}


def test_a_repr_shows_no_content() -> None:
    """A document in a log or a traceback does not give a Secret away."""
    [document] = parse("kind: Secret\nstringData: {token: hunter2}\n", "f")
    assert "hunter2" not in repr(document)


@given(st.text(max_size=300))
def test_any_text_is_read_or_a_manifest_error(text: str) -> None:
    """Nothing else is raised, whatever the text."""
    with suppress(ManifestError):
        parse(text, "f")


@given(st.text("ab:-[]{}&*!|>'\"%@`#,? \n\t<=~0$.", max_size=60))
def test_any_punctuation_is_read_or_a_manifest_error(text: str) -> None:
    """Text that is nearly YAML raises nothing else either."""
    with suppress(ManifestError):
        parse(text, "f")


@given(st.binary(max_size=200))
def test_any_file_is_read_or_a_manifest_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """Nothing else is raised, whatever bytes a file holds."""
    file = tmp_path_factory.getbasetemp() / "any.yaml"
    file.write_bytes(data)
    with suppress(ManifestError):
        read([file])
