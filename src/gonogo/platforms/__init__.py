"""Platforms: where topologies run. Processes first; Docker, clusters and attached services beside them."""
