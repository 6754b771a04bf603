"""What all tests need: interrupts that interrupt, examples that machines agree on, and long proofs only when chosen."""

import os
import signal

import pytest
from hypothesis import HealthCheck, settings

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Shells start background jobs with SIGINT ignored, children inherit that, and tests of Ctrl-C would test nothing.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Tests start hundreds of Pythons; without its compiled files each would compile all that it imports.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A slow machine is no counterexample, and whether a change may land is no matter of luck. What the fixed examples miss
# is looked for by pytest --hypothesis-profile=explore.
_TOO_SLOW = [HealthCheck.too_slow]
settings.register_profile("fixed", deadline=None, derandomize=True, suppress_health_check=_TOO_SLOW)
settings.register_profile("explore", deadline=None, max_examples=1000, suppress_health_check=_TOO_SLOW)
settings.load_profile("fixed")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave tests that take minutes out unless the marker expression names them."""
    if "soak" in config.option.markexpr:
        return
    soaks = [item for item in items if item.get_closest_marker("soak")]
    config.hook.pytest_deselected(items=soaks)
    items[:] = [item for item in items if item not in soaks]
