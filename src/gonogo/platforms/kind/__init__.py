"""The kind platform: a Kubernetes cluster in Docker containers, made or reused, and then the cluster platform."""

from gonogo.platforms.kind.platform import KindPlatform

__all__ = ["KindPlatform"]
