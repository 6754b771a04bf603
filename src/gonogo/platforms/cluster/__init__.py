"""The cluster platform: a topology as what its manifests say, in namespaces of a Kubernetes cluster."""

from gonogo.platforms.cluster.platform import ClusterPlatform

__all__ = ["ClusterPlatform"]
