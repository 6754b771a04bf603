"""Manifests: read YAML, turn it into a typed topology, and say what is wrong with it."""
