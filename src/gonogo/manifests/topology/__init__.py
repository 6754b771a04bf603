"""The typed reading of a set of manifests: what shall run, with references resolved and units parsed.

A topology is a value. Nothing in it names a process, a container or an address of this machine: platforms decide
that. Field names follow the Kubernetes API (core/v1, apps/v1) in snake case; times are seconds, memory is bytes,
CPU is cores.
"""

from gonogo.manifests.topology.autoscaler import Autoscaler, Scaling, ScalingPolicy
from gonogo.manifests.topology.container import (
    ConfigMapVolume,
    Container,
    EmptyDirVolume,
    EnvVar,
    Exec,
    HttpGet,
    Mount,
    Port,
    Probe,
    Resources,
    TcpSocket,
    Volume,
)
from gonogo.manifests.topology.generator import Generator
from gonogo.manifests.topology.job import CronJob, Job
from gonogo.manifests.topology.service import Service, ServicePort
from gonogo.manifests.topology.topology import Topology
from gonogo.manifests.topology.workload import Workload

__all__ = [
    "Autoscaler",
    "ConfigMapVolume",
    "Container",
    "CronJob",
    "EmptyDirVolume",
    "EnvVar",
    "Exec",
    "Generator",
    "HttpGet",
    "Job",
    "Mount",
    "Port",
    "Probe",
    "Resources",
    "Scaling",
    "ScalingPolicy",
    "Service",
    "ServicePort",
    "TcpSocket",
    "Topology",
    "Volume",
    "Workload",
]
