"""docker-compose files: the same topology as manifests, and a finding for whatever is not read."""

from __future__ import annotations

import io
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.errors import GrammarError
from gonogo.manifests.build import topology
from gonogo.manifests.check import check
from gonogo.manifests.compose.interpolation import interpolate
from gonogo.manifests.findings import Finding
from gonogo.manifests.reader import read
from gonogo.manifests.syntax import parse
from gonogo.manifests.topology import (
    ConfigMapVolume,
    EmptyDirVolume,
    Exec,
    HttpGet,
    Mount,
    Resources,
    Topology,
    Workload,
)

ROOT = Path(__file__).parents[2]


def compose(service: str, rest: str = "") -> str:
    """Return a file with the service ``iris``; ``service`` has its further lines, ``rest`` what stands beside it."""
    lines = "".join(f"    {line}\n" for line in ("image: iris:1.0", *service.splitlines()))
    return f"name: shop\nservices:\n  iris:\n{lines}{rest}"


def built(text: str) -> Topology:
    """Return the topology of a file without errors."""
    return topology(parse(text, "compose.yaml")).require()


def iris(text: str) -> Workload:
    """Return the workload of the service ``iris``."""
    return next(workload for workload in built(text).workloads if workload.name == "iris")


def said(text: str) -> list[tuple[str, str]]:
    """Return rule and field of every finding on a file, those about missing ports and probes left out."""
    ignored = ("compose-portless", "readiness-missing", "resources-missing")
    return [(f.rule, f.field) for f in check(parse(text, "compose.yaml")) if f.rule not in ignored]


def test_a_service_is_a_workload_and_a_service_of_its_name() -> None:
    """The project is the namespace; the ports of the container are those of the Service."""
    found = built(compose("restart: always\nports: ['8080:8000', '127.0.0.1:9000:9000/tcp']\nexpose: [9100]"))
    [workload], [service] = found.workloads, found.services
    assert (str(workload), workload.replicas, found.namespaces) == ("Deployment shop/iris", 1, ("shop",))
    assert [port.container_port for port in workload.containers[0].ports] == [8000, 9000, 9100]
    assert [(port.port, port.target_port) for port in service.ports] == [(8000, 8000), (9000, 9000), (9100, 9100)]
    assert service.selects(workload)


@pytest.mark.parametrize(
    ("restart", "kind", "policy"),
    [
        ("", "Pod", "Never"),
        ("restart: 'no'", "Pod", "Never"),
        ("restart: on-failure:3", "Pod", "OnFailure"),
        ("restart: always", "Deployment", "Always"),
        ("restart: unless-stopped", "Deployment", "Always"),
        ("deploy: {restart_policy: {condition: any}}", "Deployment", "Always"),
    ],
)
def test_what_docker_restarts_is_restarted(restart: str, kind: str, policy: str) -> None:
    """Without a policy docker leaves a container that ended as it is, and so does the stack."""
    workload = iris(compose(restart))
    assert (workload.kind, workload.restart_policy) == (kind, policy)


@pytest.mark.parametrize(
    ("line", "command", "args"),
    [
        ("command: serve --name 'a b'", None, ("serve", "--name", "a b")),
        ("command: [serve, 8000]", None, ("serve", "8000")),
        ("entrypoint: /bin/serve", ("/bin/serve",), ()),
        ("entrypoint: [a]\ncommand: [b]", ("a",), ("b",)),
        ("command: [sh, -c, 'echo $$(date)']", None, ("sh", "-c", "echo $(date)")),
    ],
)
def test_commands_are_split_as_docker_does(line: str, command: tuple[str, ...] | None, args: tuple[str, ...]) -> None:
    """A line is split as a shell would; Kubernetes' $(NAME), which docker does not have, is text."""
    container = iris(compose(line)).containers[0]
    assert (container.command, container.args) == (command, args)


def test_variables_are_text_as_docker_makes_it() -> None:
    """Numbers without quotes are taken; yes is the text yes; $$ is a dollar; a name without a value is left out."""
    text = compose("environment:\n  A: 0.90\n  B: 8000\n  C: yes\n  D: a$$b\n  E:\n  F: ''\n  G: 1e3")
    values = {variable.name: variable.value for variable in iris(text).containers[0].env}
    assert values == {"A": "0.9", "B": "8000", "C": "yes", "D": "a$b", "F": "", "G": "1000"}


def test_an_interpolated_default_is_put_in() -> None:
    """Without the variable, the default stands in its place, also in a number's."""
    workload = iris(compose("restart: always\ndeploy: {replicas: '${REPLICAS:-3}'}"))
    assert workload.replicas == 3


@pytest.mark.parametrize(
    ("test", "action"),
    [
        ("curl -f http://localhost:8000/health || exit 1", HttpGet("/health", 8000)),
        ("[CMD, curl, -fsS, -o, /dev/null, 'http://127.0.0.1:8000/a?b=c']", HttpGet("/a?b=c", 8000)),
        ("[CMD, wget, --spider, -q, 'localhost:8000/']", HttpGet("/", 8000)),
        ("[CMD, /bin/ready, now]", Exec(("/bin/ready", "now"))),
        ("curl -f http://db:8000/ && test -f /ok", Exec(("/bin/sh", "-c", "curl -f http://db:8000/ && test -f /ok"))),
        ("[CMD, curl, -X, POST, 'http://localhost:8000/']", Exec(("curl", "-X", "POST", "http://localhost:8000/"))),
        ("curl https://localhost:8000/", Exec(("/bin/sh", "-c", "curl https://localhost:8000/"))),
    ],
)
def test_a_health_check_is_a_readiness_probe(test: str, action: object) -> None:
    """What only fetches a page of the container itself is asked by HTTP; everything else is run."""
    probe = iris(
        compose(f"healthcheck:\n  test: {test}\n  interval: 1m30s\n  timeout: 500ms\n  retries: 7")
    ).containers[0]
    assert probe.readiness is not None
    assert probe.readiness.action == action
    assert (probe.readiness.period_s, probe.readiness.timeout_s, probe.readiness.failure_threshold) == (90, 0.5, 7)
    assert probe.liveness is None


@pytest.mark.parametrize("check", ["{disable: true}", "{test: [NONE]}"])
def test_a_health_check_can_be_switched_off(check: str) -> None:
    """Then there is no probe."""
    assert iris(compose(f"healthcheck: {check}")).containers[0].readiness is None


def test_limits_and_reservations_are_resources() -> None:
    """Sizes are powers of 1024, as docker counts."""
    text = compose("deploy: {resources: {limits: {cpus: '0.5', memory: 300M}, reservations: {memory: 64mb}}}")
    assert iris(text).containers[0].resources == Resources(None, 0.5, 64 << 20, 300 << 20)


LOADED = """\
volumes: ['models:/models:ro']
restart: always
depends_on: {load: {condition: service_completed_successfully}}
"""
LOADER = "  load:\n    image: load:1.0\n    volumes: ['models:/out']\nvolumes: {models: {}}\n"


def test_what_has_to_end_before_is_an_init_container() -> None:
    """It shares its volume with the service that waits for it, and is no workload of its own."""
    found = built(compose(LOADED, LOADER))
    [workload] = found.workloads
    [before] = workload.init_containers
    assert (before.image, workload.volumes) == ("load:1.0", (EmptyDirVolume("volume-models"),))
    assert before.mounts == (Mount("volume-models", "/out"),)
    assert workload.containers[0].mounts == (Mount("volume-models", "/models", read_only=True),)
    assert said(compose(LOADED, LOADER)) == []


def test_a_volume_that_two_running_services_write_is_an_error() -> None:
    """Each would have a folder of its own, and one would miss what the other wrote."""
    other = "  other:\n    image: other:1.0\n    volumes: ['shared:/b']\nvolumes: {shared: {}}\n"
    assert said(compose("volumes: ['shared:/a']", other)) == [("compose-key-unsupported", "services.iris.volumes[0]")]


def test_aliases_and_container_names_are_services_too() -> None:
    """Whoever calls the alias reaches the same Pods."""
    text = compose("expose: [8000]\ncontainer_name: boxed\nnetworks: {default: {aliases: [model]}}")
    assert {service.name for service in built(text).services} == {"iris", "boxed", "model"}


def test_names_with_underscores_stay_as_they_are() -> None:
    """Docker knows them, and what calls them says them."""
    text = "services:\n  iris_svc:\n    image: iris:1.0\n    expose: [8000]\n"
    assert [service.name for service in built(text).services] == ["iris_svc"]


def test_a_service_can_describe_the_load_generator() -> None:
    """The label is that of a Pod."""
    text = compose("labels: {gonogo.dev/role: generator}\ncpus: 2\nmem_limit: 1g")
    [generator] = built(text).generators
    assert (generator.cpu, generator.memory) == (2.0, 1 << 30)


@pytest.mark.parametrize(
    ("line", "rule", "field"),
    [
        ("bogus: 1", "compose-key-unknown", "bogus"),
        ("extends: {service: base}", "compose-key-unsupported", "extends"),
        ("volumes_from: [a]", "compose-key-unsupported", "volumes_from"),
        ("extra_hosts: ['a:1.2.3.4']", "field-not-honoured", "extra_hosts"),
        ("network_mode: host", "field-not-honoured", "network_mode"),
        ("privileged: true", "field-not-used", "privileged"),
        ("ulimits: {nofile: 1}", "field-not-used", "ulimits"),
        ("ports: ['9000:8000']", "field-not-used", "ports[0]"),
        ("ports: [http]", "compose-value", "ports[0]"),
        ("ports: ['8000/udp']", "field-not-honoured", "ports[0]"),
        ("environment: {A: true}", "compose-value", "environment.A"),
        ("restart: sometimes", "compose-value", "restart"),
        ("deploy: {mode: global}", "field-not-honoured", "deploy.mode"),
        ("deploy: {resources: {limits: {memory: lots}}}", "compose-value", "deploy.resources.limits.memory"),
        ("deploy: {resources: {limits: {gpus: 1}}}", "field-not-honoured", "deploy.resources.limits.gpus"),
        ("healthcheck: {interval: 5s}", "compose-value", "healthcheck"),
        ("depends_on: [nobody]", "compose-value", "depends_on[0]"),
        ("volumes: ['nowhere:/a']", "compose-value", "volumes[0]"),
        ("volumes: ['./models:/models:ro']", "compose-file-missing", "volumes[0]"),
        ("env_file: a.env", "compose-file-missing", "env_file"),
        ("secrets: [token]", "compose-value", "secrets[0]"),
        ("working_dir: ${HERE}", "compose-variable-unset", "working_dir"),
        ("working_dir: ${HERE", "compose-value", "working_dir"),
        ("profiles: [test]", "compose-profile", "profiles"),
    ],
)  # fmt: skip
def test_what_is_not_read_is_named(line: str, rule: str, field: str) -> None:
    """A finding with the key of the file, whatever it is in Kubernetes."""
    assert (rule, f"services.iris.{field}") in said(compose(line))


@pytest.mark.parametrize("line", ["x-anything: 1", "logging: {driver: none}", "privileged: false", "init: true"])
def test_what_changes_nothing_is_passed_over(line: str) -> None:
    """No finding on what has no effect anywhere here."""
    assert said(compose(line)) == []


def test_a_finding_of_a_check_names_the_key_and_its_line() -> None:
    """Checks look at Kubernetes' fields; what they find stands in the file under another name."""
    [found] = [
        f for f in check(parse(compose("expose: [8000]").replace(":1.0", ""), "a.yaml")) if f.rule == "image-latest"
    ]
    assert (str(found.source), found.object, found.field) == (
        "a.yaml:4",
        "compose project shop",
        "services.iris.image",
    )


def findings(folder: Path) -> list[Finding]:
    """Return the findings on the file ``compose.yaml`` of ``folder``."""
    return list(check(read([folder / "compose.yaml"])))


def test_files_are_taken_from_beside_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables from .env and env files, folders and configs with their content; the environment counts more."""
    monkeypatch.setenv("WHERE_IT_RUNS", "here")
    (tmp_path / ".env").write_text("TAG=2.0\nWHERE_IT_RUNS=nowhere\n")
    (tmp_path / "iris.env").write_text("# a comment\nexport A=1\nB='two words'\n")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "iris.onnx").write_bytes(b"\x00model")
    service = (
        "env_file: iris.env\nenvironment: {A: 3, PLACE: '${WHERE_IT_RUNS}', TAG: }\n"
        "volumes: ['./models:/models:ro']\nsecrets: [token]"
    )
    text = compose(service, "secrets: {token: {file: iris.env}}\n").replace("iris:1.0", "iris:${TAG}")
    (tmp_path / "compose.yaml").write_text(text)
    [workload] = topology(read([tmp_path])).require().workloads
    [container] = workload.containers
    assert container.image == "iris:2.0"
    values = {variable.name: variable.value for variable in container.env}
    assert values == {"A": "3", "B": "two words", "PLACE": "here", "TAG": "2.0"}
    folder, token = workload.volumes
    assert isinstance(folder, ConfigMapVolume)
    assert folder.files == {"iris.onnx": b"\x00model"}
    assert isinstance(token, ConfigMapVolume)
    assert token.secret
    assert container.mounts[1] == Mount(token.name, "/run/secrets/token", "token", read_only=True)
    assert "compose-variable-taken" in [finding.rule for finding in findings(tmp_path)]


def test_files_outside_of_the_folder_are_not_read(tmp_path: Path) -> None:
    """A docker-compose file brings nothing of the machine into a container but what lies below it."""
    (tmp_path / "compose.yaml").write_text(compose("volumes: ['/etc:/etc:ro']"))
    assert "outside of" in next(f.consequence for f in findings(tmp_path) if f.rule == "compose-file-missing")


def test_a_folder_of_manifests_is_read_without_its_compose_file(tmp_path: Path) -> None:
    """It is another form of the same stack; named itself it is read."""
    (tmp_path / "docker-compose.yaml").write_text(compose(""))
    (tmp_path / "namespace.yaml").write_text("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n")
    assert [document.kind for document in read([tmp_path])] == ["Namespace"]
    assert [document.kind for document in read([tmp_path / "docker-compose.yaml"])] == [""]


def test_standard_input_can_be_a_compose_file() -> None:
    """``docker compose config | gonogo check -``."""
    [document] = read(["-"], stdin=io.StringIO(compose("")))
    assert topology([document]).topology.workloads[0].name == "iris"


@pytest.mark.parametrize("suite", ["parameter_based", "condition_based"])
def test_the_shipped_forms_say_the_same(suite: str) -> None:
    """Images, variables, ports, resources and readiness of the docker-compose file are those of the manifests."""
    folder = ROOT / "manifests" / suite
    manifests, compose_file = (topology(read([path])).require() for path in (folder, folder / "docker-compose.yaml"))
    assert told(compose_file) == told(manifests)


def told(form: Topology) -> dict[str, list[object]]:
    """Return what the containers of every workload are told, whatever the full names of the Services are."""
    found: dict[str, list[object]] = {}
    for workload in form.workloads:
        domain = f".{workload.namespace}.svc.cluster.local"
        for one in (*workload.init_containers, *workload.containers):
            variables = {variable.name: variable.value.replace(domain, "") for variable in one.env}
            ports = [port.container_port for port in one.ports]
            ready = one.readiness and (one.readiness.period_s, one.readiness.timeout_s)
            # What runs to its end has no resources in the docker-compose file: it is over before the load.
            resources = one.resources if one in workload.containers else None
            found.setdefault(workload.name, []).append((one.image, variables, ports, resources, ready))
    return found


WORDS = st.text(st.characters(exclude_characters="${}", codec="utf-8"), max_size=8)


@given(WORDS, WORDS, WORDS)
def test_a_default_stands_in_only_where_a_value_is_missing(before: str, default: str, value: str) -> None:
    """${NAME:-default} is the value where it is set and not empty."""
    text = f"{before}${{NAME:-{default}}}"
    assert interpolate(text, {}).text == before + default
    assert interpolate(text, {"NAME": value}).text == before + (value or default)


@given(st.text())
def test_text_without_a_dollar_stays_as_it_is(text: str) -> None:
    """Nothing but the sign is special; twice it is itself."""
    plain = text.replace("$", "")
    assert interpolate(plain, {}).text == plain
    assert interpolate(text.replace("$", "$$"), {}).text == text


@given(st.text("${}:-?+ab", max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    """There is no third way."""
    with suppress(GrammarError):
        assert isinstance(interpolate(text, {"a": "1"}).text, str)


@pytest.mark.parametrize(
    ("text", "values", "result"),
    [
        ("$a-$b", {"a": "1"}, "1-"),
        ("${a:+set}", {"a": "1"}, "set"),
        ("${a+set}", {"a": ""}, "set"),
        ("${a:+set}", {"a": ""}, ""),
        ("${a-none}", {"a": ""}, ""),
        ("${a:-${b:-deep}}", {}, "deep"),
    ],
)
def test_the_operators_are_those_of_the_specification(text: str, values: dict[str, str], result: str) -> None:
    """With a colon an empty value counts as unset."""
    assert interpolate(text, values).text == result


def test_a_required_variable_is_named() -> None:
    """${NAME:?message} stops with the message."""
    with pytest.raises(GrammarError, match="TAG is required: which release"):
        interpolate("${TAG:?which release}", {})
