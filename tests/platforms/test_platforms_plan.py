"""From a topology to what the supervisor runs, without touching the machine."""

from __future__ import annotations

import pytest

from gonogo.errors import ManifestError, SettingsError
from gonogo.manifests.topology import EmptyDirVolume, EnvVar, Exec, HttpGet, Mount, Port, Probe, Service, Topology
from gonogo.platforms.process.addresses import PortNeed, plan_addresses
from gonogo.platforms.process.catalogue import Catalogue
from gonogo.platforms.process.plan import Place, StackPlan, plan_stack
from tests.contracts.topologies import container, deployment, service, topology

WEB = (Port(8000, "http"),)


def plan(declared: Topology, *, images: dict[str, str] | None = None, grace_cap_s: float | None = None) -> StackPlan:
    """Plan a stack in block 127.9."""
    return plan_stack(
        declared,
        addresses=plan_addresses(declared, 9),
        catalogue=Catalogue.read(images or {"*": "run {host} {port}"}),
        place=Place("s", "/w", "/project", "/venv/python", {"PATH": "/bin"}, grace_cap_s),
    )


def front(value: str, name: str = "URL") -> Topology:
    """A front that is told ``value``, and a model with three replicas behind port 80."""
    return topology(
        deployment("front", container(env={name: value}, ports=WEB)),
        deployment("model", container(ports=WEB), replicas=3),
        services=(service("front"), service("model", 80, "http")),
    )


def environment(stack: StackPlan, replica: int = 0) -> dict[str, str]:
    """Return the environment of a replica's first container."""
    return dict(stack.replicas[replica].containers[0].env)


def test_a_service_that_is_called_gets_a_forwarder() -> None:
    """With several replicas the name leads to the Service's address, and every replica stands behind it."""
    stack = plan(front("http://model"))
    assert environment(stack)["URL"] == "http://127.9.0.2"
    (forward,) = stack.forwards
    (listener,) = forward.listeners
    assert (forward.address, listener.port) == ("127.9.0.2", 80)
    assert [(each.address, each.port) for each in listener.backends] == [(f"127.9.2.{n}", 8000) for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("name", "value"), [("MODE", "model"), ("URL", "http://example.com/model"), ("X", "models:80")]
)
def test_a_service_that_nobody_calls_gets_none(name: str, value: str) -> None:
    """The load generator goes to the replicas itself."""
    assert plan(front(value, name)).forwards == ()


def test_a_word_that_may_mean_a_service_is_noted() -> None:
    """MODE=model was left as it is, and the notes say how to mean the Service."""
    (note,) = plan(front("model", "MODE")).notes
    assert note.startswith("Deployment shop/front container main: MODE=model was left as it is")


def test_the_only_replica_is_reached_directly() -> None:
    """When ports are the same, the name becomes the replica's address and no forwarder is needed."""
    caller = deployment("front", container(env={"URL": "http://model:8000"}, ports=WEB))
    stack = plan(topology(caller, deployment("model", container(ports=WEB))))
    assert environment(stack)["URL"] == "http://127.9.2.1:8000"
    assert stack.forwards == ()


def test_another_target_port_needs_the_forwarder() -> None:
    """One replica whose port differs from the Service's cannot be reached by a name alone."""
    caller = deployment("front", container(env={"URL": "http://model"}, ports=WEB))
    model = deployment("model", container(ports=WEB))
    stack = plan(topology(caller, model, services=(service("model", 80, 8000),)))
    assert [forward.service for forward in stack.forwards] == ["shop/model"]


def test_short_names_mean_the_own_namespace() -> None:
    """Two Services of one name: the short one is that of the caller's namespace, the long ones are exact."""
    value = "http://model:8000 http://model.two.svc:8000"
    stack = plan(
        topology(
            deployment("front", container(env={"URL": value}, ports=WEB), namespace="one"),
            deployment("model", container(ports=WEB), namespace="one"),
            deployment("model", container(ports=WEB), namespace="two"),
        )
    )
    assert environment(stack)["URL"] == "http://127.9.2.1:8000 http://127.9.3.1:8000"


def test_names_in_arguments_and_probes_are_rewritten() -> None:
    """Commands of exec probes too."""
    probe = Probe(Exec(("curl", "http://localhost:8000/health")))
    web = container(args=("--backend", "web"), ports=WEB, readiness=probe)
    (replica,) = plan(topology(deployment("web", web))).replicas
    (made,) = replica.containers
    assert made.argv == ("run", "127.9.1.1", "8000", "--backend", "127.9.1.1")
    assert made.readiness is not None
    assert made.readiness.action == Exec(("curl", "http://127.9.1.1:8000/health"))


def test_named_ports_of_probes_become_numbers() -> None:
    """httpGet: {port: http} means the container's port of that name."""
    web = container(ports=WEB, readiness=Probe(HttpGet("/health", "http")))
    made = plan(topology(deployment("web", web))).replicas[0].containers[0]
    assert made.readiness == Probe(HttpGet("/health", 8000))


def test_an_unknown_port_name_is_refused() -> None:
    """The message lists the names that there are."""
    web = container(ports=WEB, readiness=Probe(HttpGet("/health", "grpc")))
    with pytest.raises(ManifestError, match=r"no port called 'grpc'; its containers name the ports: http"):
        plan(topology(deployment("web", web)))


def test_every_replica_has_its_own_of_everything() -> None:
    """Address, log, command line and marker differ from replica to replica."""
    one, two = plan(topology(deployment("web", container(ports=WEB), replicas=2))).replicas
    assert (one.address, one.log) == ("127.9.1.1", "/w/logs/shop_web_0.log")
    assert two.containers[0].argv == ("run", "127.9.1.2", "8000")
    assert dict(two.containers[0].env)["GONOGO_CONTAINER"] == "s/shop/web/1/main"


def test_every_port_is_checked_before_the_start() -> None:
    """Those of the replicas and those of forwarders, each with who needs it."""
    needs = plan(front("http://model")).ports
    assert PortNeed("container main of shop/model/2", "127.9.2.3", 8000) in needs
    assert PortNeed("Service shop/model", "127.9.0.2", 80) in needs
    assert len(needs) == 5


def test_udp_ports_are_neither_checked_nor_waited_for() -> None:
    """A UDP port accepts no connection."""
    web = container(ports=(Port(53, "dns", "UDP"), Port(8000)))
    stack = plan(topology(deployment("web", web)))
    assert stack.replicas[0].containers[0].ports == (8000,)


def test_the_grace_time_can_be_capped() -> None:
    """The shorter of the manifest's and the setting's."""
    declared = topology(deployment("a", grace_s=30.0), deployment("b", grace_s=1.0))
    assert [replica.grace_s for replica in plan(declared, grace_cap_s=5.0).replicas] == [5.0, 1.0]
    assert [replica.grace_s for replica in plan(declared).replicas] == [30.0, 1.0]


def test_a_working_folder_below_a_mount_is_used() -> None:
    """The image's own folders are not on this machine; a mounted one is."""
    mounted = container(working_dir="/data/x", mounts=(Mount("data", "/data"),))
    images_own = container(working_dir="/app")
    volumes = (EmptyDirVolume("data"),)
    declared = topology(deployment("a", mounted, volumes=volumes), deployment("b", images_own))
    a, b = (replica.containers[0].cwd for replica in plan(declared, images={"*": "run"}).replicas)
    assert (a, b) == ("/w/volumes/shop_a_0/data/x", "/project")


def test_what_is_not_held_is_noted() -> None:
    """Size limits of volumes."""
    volumes = (EmptyDirVolume("data", size_limit=1),)
    assert plan(topology(deployment("web", volumes=volumes))).notes == (
        "Deployment shop/web: the size limit of the volume data is not enforced",
    )


def test_a_service_without_pods_is_no_obstacle() -> None:
    """A caller gets its address, where connections are refused, as in a cluster."""
    nobody = Service("shop", "nobody", (), {"app": "nobody"}, service().source)
    declared = topology(deployment("web", container(env={"URL": "http://nobody"})), services=(nobody,))
    stack = plan(declared, images={"*": "run"})
    assert environment(stack)["URL"] == "http://127.9.0.1"
    assert stack.forwards == ()


def test_unmapped_init_containers_are_told_with_the_others() -> None:
    """One error for all."""
    web = deployment("web", container("a:1"), init_containers=(container("b:1", "init"),))
    with pytest.raises(SettingsError, match=r"2 images: b:1 .*; a:1"):
        plan(topology(web), images={"c": "run"})


def test_secrets_are_taken_out_of_texts() -> None:
    """Long ones wherever they stand, short ones only as words of their own."""
    secrets = (EnvVar("A", "hunter2", secret=True), EnvVar("B", "x1", secret=True), EnvVar("C", "plain"))
    stack = plan(topology(deployment("web", container(env=secrets, ports=WEB))))
    assert stack.redact("hunter2s x1 x11 plain") == "***s *** x11 plain"
