"""Traffic policy as configuration of a client's Envoy (API v3).

Reference: https://www.envoyproxy.io/docs/envoy/latest/api-v3/api. What Istio's control plane makes of the same rules
is the model; docs/mesh.md lists every field and where the two differ.
"""
