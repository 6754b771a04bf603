"""The one place that builds things: settings in, a session of parts that fit together out."""

from gonogo.wiring.bench import bench, settings_here
from gonogo.wiring.declared import Declared, order_sidecar, read_manifests, read_topology
from gonogo.wiring.session import GateSession
from gonogo.wiring.stacks import build_images, carrier_for, placement_for, platform_for, start_stack, start_traffic

__all__ = [
    "Declared",
    "GateSession",
    "bench",
    "build_images",
    "carrier_for",
    "order_sidecar",
    "placement_for",
    "platform_for",
    "read_manifests",
    "read_topology",
    "settings_here",
    "start_stack",
    "start_traffic",
]
