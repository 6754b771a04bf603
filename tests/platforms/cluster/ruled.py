"""A Service with two versions behind a split, and Istio's kinds: what tests of traffic rules in a cluster share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from gonogo.platforms.cluster import ClusterPlatform
from gonogo.platforms.cluster.access import connect, current_context
from gonogo.platforms.cluster.api import Api
from gonogo.platforms.cluster.applying import Kinds
from gonogo.platforms.cluster.names import DECLARED

__all__ = ["ISTIO", "Ruled", "counted", "manifests", "served"]

ISTIO = "networking.istio.io/v1"

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{app: web, version: {name}}}}}
  template:
    metadata: {{labels: {{app: web, version: {name}}}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: main
          image: {image}
          env: [{{name: WHO, value: {name}}}]
          ports: [{{containerPort: 8000}}]
          readinessProbe:
            {{httpGet: {{path: /health, port: 8000}}, periodSeconds: 1, timeoutSeconds: 10, failureThreshold: 30}}
---
"""
RULES = """
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: {namespace}}}
spec: {{selector: {{app: web}}, ports: [{{name: http, port: {port}, targetPort: 8000}}]}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: web, namespace: {namespace}}}
spec:
  host: web
  trafficPolicy: {{connectionPool: {{tcp: {{maxConnections: 100}}}}}}
  subsets: [{{name: svc, labels: {{version: svc}}}}, {{name: rf, labels: {{version: rf}}}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: web, namespace: {namespace}}}
spec:
  hosts: [web]
  http:
    - name: split
      timeout: 20s
      route:
        - {{destination: {{host: web, subset: svc}}, weight: 60}}
        - {{destination: {{host: web, subset: rf}}, weight: 40}}
"""


def manifests(namespace: str, image: str, port: int = 8000) -> str:
    """Return the manifests of the Service ``web`` in ``namespace``, split 60 to 40."""
    deployments = "".join(DEPLOYMENT.format(name=name, namespace=namespace, image=image) for name in ("svc", "rf"))
    return deployments + RULES.format(namespace=namespace, port=port)


def served(cluster: ClusterPlatform) -> Api:
    """Return the API of a cluster that serves Istio's kinds; a test that has none is skipped."""
    del cluster
    api = connect([current_context()])
    if Kinds(api).find(ISTIO, "VirtualService") is None:
        pytest.skip(f"the cluster serves no VirtualService of {ISTIO}: install Istio's resource definitions")
    return api


class Ruled:
    """The rules of one session as the API server holds them.

    Args:
        api: of the cluster.
        declared: the namespace in the manifests.
    """

    def __init__(self, api: Api, declared: str) -> None:
        [space] = api.get("/api/v1/namespaces", labelSelector=f"{DECLARED}={declared}")["items"]
        self.space = space["metadata"]["name"]
        self.api = api

    def path(self, plural: str) -> str:
        """Return the path of the rule of one kind."""
        return f"/apis/{ISTIO}/namespaces/{self.space}/{plural}/web"

    def spec(self, plural: str) -> Mapping[str, Any]:
        """Return what the rule says."""
        spec: Mapping[str, Any] = self.api.get(self.path(plural))["spec"]
        return spec

    @property
    def weights(self) -> list[int]:
        """The weights of the only route."""
        return [entry["weight"] for entry in self.spec("virtualservices")["http"][0]["route"]]


def counted(client: httpx.Client, requests: int) -> Counter[str]:
    """Return how many of ``requests`` each version answered."""
    return Counter(client.get("/environment").json()["WHO"] for _ in range(requests))
