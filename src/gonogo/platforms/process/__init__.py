"""The process platform: a topology as plain processes on this Linux machine."""

from gonogo.platforms.process.platform import ProcessPlatform

__all__ = ["ProcessPlatform"]
