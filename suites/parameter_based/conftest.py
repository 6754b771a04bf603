"""What the suite of the composition proxy brings along: the proxy's admin."""

import pytest


@pytest.fixture
def admin(stack):
    """A client of the proxy with the operator's token; what it changes is changed back after the test."""
    proxy = next(workload for workload in stack.topology.workloads if workload.name == "proxy")
    token = next(one.value for one in proxy.containers[0].env if one.name == "ADMIN_TOKEN_OPERATOR")
    with stack["proxy"].client() as client:
        client.headers["authorization"] = f"Bearer {token}"
        before = client.get("/parameters").json()["parameters"]
        yield client
        client.patch("/parameters", json=before).raise_for_status()
