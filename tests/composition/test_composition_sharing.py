"""What workers share: parameters and collected predictions, across forks and restarts."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from gonogo_services.composition.collection import Collection
from gonogo_services.composition.outcome import Failure, FailureKind, Outcome, Prediction
from gonogo_services.composition.parameters import Parameters, Switch
from gonogo_services.composition.shared_memory import SharedMemory
from gonogo_services.composition.switchboard import Switchboard
from gonogo_services.errors import SettingsError

FLOWER = (5.1, 3.5, 1.4, 0.2)


def switchboard() -> Switchboard:
    """A switchboard with one service."""
    return Switchboard(Parameters({"setosa": Switch(0.9)}, 1, "start", 0.0))


def in_a_fork(act: Callable[[], None]) -> int:
    """Run ``act`` in a fork and return its exit status: 0 when it returned."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            act()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def switch_off(current: Parameters) -> Parameters:
    """Deactivate setosa."""
    return current.changed({"ACTIVATE_SETOSA": "0"}, who="alice", now_s=1.0)


def add(collection: Collection, number: int, outcome: Outcome = Prediction(0.5, 0.5)) -> None:  # noqa: B008 - a value
    """Keep a prediction that was made at ``number`` seconds."""
    collection.add(
        at_s=float(number), service="setosa", flower=FLOWER, outcome=outcome, took_s=0.01, parameters_version=1
    )


def test_what_one_process_changes_holds_in_the_others() -> None:
    """The parent sees a fork's change at its next look."""
    shared = switchboard()
    assert in_a_fork(lambda: shared.change(switch_off) and None) == 0
    assert not shared.current.switches["setosa"].active


def test_changes_of_several_processes_are_all_kept() -> None:
    """Four forks of 50 changes each make 200 versions."""
    shared = switchboard()

    def often() -> None:
        for _ in range(50):
            shared.change(switch_off)

    children = []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            try:
                often()
            finally:
                os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    assert shared.current.version == 201


def test_a_process_killed_in_a_change_leaves_the_old_parameters_and_no_lock() -> None:
    """The next change goes through."""
    shared = switchboard()

    def killed(current: Parameters) -> Parameters:
        os.kill(os.getpid(), signal.SIGKILL)
        return current

    assert in_a_fork(lambda: shared.change(killed) and None) == -signal.SIGKILL
    assert shared.current.version == 1
    shared.change(switch_off)
    assert shared.current.version == 2


def test_a_change_that_cannot_be_made_changes_nothing() -> None:
    """The error is the caller's, the parameters stay."""
    shared = switchboard()
    with pytest.raises(SettingsError, match="THRESHOLD_SETOSA"):
        shared.change(lambda current: current.changed({"THRESHOLD_SETOSA": "2"}, who="alice", now_s=1.0))
    assert shared.current.version == 1


def test_the_newest_predictions_are_kept() -> None:
    """Of five, a ring of three has the last three, the newest first."""
    collection = Collection(3)
    for number in range(5):
        add(collection, number)
    assert [row.at_s for row in collection.latest(10)] == [4.0, 3.0, 2.0]
    assert collection.counts() == (5, 0)


def test_predictions_of_a_fork_are_kept_too() -> None:
    """All workers write to one ring."""
    collection = Collection(3)
    in_a_fork(lambda: add(collection, 7))
    assert [row.at_s for row in collection.latest(10)] == [7.0]


def test_failures_are_kept_with_their_kind() -> None:
    """A deactivated service that fails can be seen to."""
    collection = Collection(3)
    add(collection, 0, Failure(FailureKind.TIMEOUT, "no answer within 1 s"))
    [row] = collection.latest(1)
    assert (row.outcome, row.probability, row.service, row.flower) == ("timeout", 0.0, "setosa", FLOWER)


def test_a_file_keeps_predictions_across_restarts(tmp_path: Path) -> None:
    """Another collection on the same file has what the first one kept."""
    add(Collection(3, tmp_path / "kept"), 1)
    assert [row.at_s for row in Collection(3, tmp_path / "kept").latest(10)] == [1.0]


def test_a_file_of_another_size_is_refused(tmp_path: Path) -> None:
    """What is in it would be read wrongly."""
    Collection(3, tmp_path / "kept")
    with pytest.raises(SettingsError, match="COLLECTED_FILE"):
        Collection(4, tmp_path / "kept")


def test_shared_memory_begins_with_zeros() -> None:
    """Nothing of anybody else's is in it."""
    assert SharedMemory(64).bytes[:] == bytes(64)
