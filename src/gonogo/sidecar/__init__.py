"""The client's sidecar: a real Envoy or Nginx beside the load generator, which carries out the traffic rules.

It imports no platform: addresses of replicas come in as values, so it stands beside any stack that can be reached.
"""
