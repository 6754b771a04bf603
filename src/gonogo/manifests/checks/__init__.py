"""Checks: what is wrong with manifests that can be read. One module a subject; gonogo.manifests.check lists them."""
