"""Inference services that ship with gonogo to be judged by it."""
