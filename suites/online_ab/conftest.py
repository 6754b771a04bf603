"""What the suite of the online A/B test brings along: its mark."""


def pytest_configure(config):
    """Register the mark by which this suite is chosen."""
    config.addinivalue_line("markers", "online_ab: a gate on the split between two models and on the rollout of one")
