"""Objects for a topology that no Kubernetes manifest declares."""

from __future__ import annotations

import base64
from dataclasses import replace

from gonogo.manifests.topology import ConfigMapVolume, CronJob, EnvVar, HttpGet, Job, Mount, Probe, Resources
from gonogo.platforms.cluster.written import objects
from tests.contracts.topologies import container, deployment, service, topology


def test_every_workload_and_service_becomes_an_object() -> None:
    """A Deployment, a Pod of its own, and the Services in front of them, each in its namespace."""
    declared = topology(deployment("web", replicas=2), deployment("one", kind="Pod", namespace="lab"))
    written = [(each["kind"], each["metadata"]["namespace"], each["metadata"]["name"]) for each in objects(declared)]
    assert written == [
        ("Deployment", "shop", "web"),
        ("Pod", "lab", "one"),
        ("Service", "shop", "web"),
        ("Service", "lab", "one"),
    ]


def test_a_dollar_that_is_left_in_a_value_is_meant() -> None:
    """References were expanded already, so Kubernetes must not read one."""
    [web, _] = objects(topology(deployment("web", container(env={"PRICE": "$(NOT_A_NAME)"}))))
    assert web["spec"]["template"]["spec"]["containers"][0]["env"] == [{"name": "PRICE", "value": "$$(NOT_A_NAME)"}]


def test_a_field_of_the_pod_stays_a_reference() -> None:
    """Only the cluster knows it."""
    [web, _] = objects(topology(deployment("web", container(env=(EnvVar("IP", field_path="status.podIP"),)))))
    [variable] = web["spec"]["template"]["spec"]["containers"][0]["env"]
    assert variable == {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}


def test_parts_of_seconds_are_rounded_up() -> None:
    """Kubernetes takes whole seconds, and a probe at least one."""
    probe = Probe(HttpGet("/", 80), initial_delay_s=1.2, period_s=0.1, timeout_s=0.5)
    [web, _] = objects(topology(deployment("web", container(readiness=probe))))
    written = web["spec"]["template"]["spec"]["containers"][0]["readinessProbe"]
    assert (written["initialDelaySeconds"], written["periodSeconds"], written["timeoutSeconds"]) == (2, 1, 1)


def test_files_of_a_secret_stand_in_a_secret() -> None:
    """Under keys that Kubernetes takes, with their paths in the volume."""
    volume = ConfigMapVolume("keys", {"sub/key.pem": b"\x00secret"}, secret=True)
    mounted = container(mounts=(Mount("keys", "/keys"),))
    [store, web] = objects(topology(deployment("web", mounted, volumes=(volume,)), services=(service("x"),)))[:2]
    assert (store["kind"], store["data"]) == ("Secret", {"file-0": base64.b64encode(b"\x00secret").decode()})
    [written] = web["spec"]["template"]["spec"]["volumes"]
    items = [{"key": "file-0", "path": "sub/key.pem"}]
    assert written == {"name": "keys", "secret": {"secretName": store["metadata"]["name"], "items": items}}


def test_resources_are_written_as_kubernetes_reads_them() -> None:
    """Cores in thousandths, memory in bytes, and nothing where the manifest is silent."""
    resources = Resources(cpu_limit=0.5, memory_request=300 * 1024**2)
    [web, _] = objects(topology(deployment("web", container(resources=resources))))
    written = web["spec"]["template"]["spec"]["containers"][0]["resources"]
    assert written == {"requests": {"memory": "314572800"}, "limits": {"cpu": "500m"}}


def test_a_job_keeps_its_rules() -> None:
    """Parallelism, indexes and limits; what is not set is left to Kubernetes."""
    template = deployment("nightly", replicas=2, restart_policy="Never")
    job = Job(replace(template, kind="Job"), completions=3, indexed=True, backoff_limit=1)
    [written] = objects(replace(topology(), jobs=(job,)))
    spec = {key: value for key, value in written["spec"].items() if key != "template"}
    assert spec == {
        "parallelism": 2,
        "completions": 3,
        "completionMode": "Indexed",
        "backoffLimit": 1,
        "suspend": False,
    }


def test_a_cron_job_keeps_its_schedule_and_its_rules() -> None:
    """Around the template of its Jobs."""
    template = deployment("nightly", container(), restart_policy="Never")
    nightly = CronJob(
        Job(template, backoff_limit=2, kind="CronJob"), "19 * * * *", concurrency="Forbid", starting_deadline_s=9.5
    )
    [written] = objects(replace(topology(), cron_jobs=(nightly,)))
    spec = written["spec"]
    assert (written["kind"], spec["schedule"], spec["concurrencyPolicy"]) == ("CronJob", "19 * * * *", "Forbid")
    assert (spec["startingDeadlineSeconds"], spec["jobTemplate"]["spec"]["backoffLimit"]) == (10, 2)
