"""Placement: the generator keeps cores of its own."""

import pytest

from gonogo.errors import SettingsError
from gonogo.suite.placement import Placement, place


@pytest.mark.parametrize(
    ("available", "cpu", "placement"),
    [
        ((0, 1), None, Placement((1,), (0,))),
        ((0, 1, 2, 3), 2.0, Placement((2, 3), (0, 1))),
        ((0, 1, 2, 3), 1.5, Placement((2, 3), (0, 1))),
        ((4, 7), 8.0, Placement((7,), (4,))),
    ],
)
def test_the_generator_gets_what_its_pod_says_and_leaves_a_core(
    available: tuple[int, ...], cpu: float | None, placement: Placement
) -> None:
    """The last cores are the generator's, as many as its Pod has, but never all of them."""
    assert place(available, generator_cpu=cpu) == placement


def test_one_core_is_shared_and_the_judgment_says_so() -> None:
    """With a single CPU nobody is pinned, and a note says why that matters."""
    placement = place((0,))
    assert (placement.generator, placement.services) == ((), ())
    assert "share" in placement.note


def test_settings_win() -> None:
    """CPUs that the settings name are used as they are."""
    assert place((0, 1, 2), generator=(0,), services=(1,)) == Placement((0,), (1,))


def test_settings_for_one_side_leave_the_rest_to_the_other() -> None:
    """The side that the settings do not name gets its cores from what is left."""
    assert place((0, 1, 2), services=(2,)) == Placement((1,), (2,))
    assert place((0, 1, 2), generator=(0,)) == Placement((0,), (1, 2))


def test_a_cpu_that_is_not_there_is_refused() -> None:
    """A CPU that this process may not use is a settings error that names the choice."""
    with pytest.raises(SettingsError, match="CPU 9") as caught:
        place((0, 1), generator=(9,))
    assert "0, 1" in caught.value.mend
