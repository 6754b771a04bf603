"""The docker platform: a topology in the Docker daemon of this machine."""

from gonogo.platforms.docker.platform import DockerPlatform

__all__ = ["DockerPlatform"]
