"""The message about a stack that did not start: every replica at once, with the ends of their logs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gonogo.errors import StackError
from gonogo.platforms.process.spec import Failure

__all__ = ["start_error"]


def start_error(failures: Sequence[Failure], replicas: int, redact: Callable[[str], str]) -> StackError:
    """Return the error for ``failures``, replicas of a workload that failed alike told once.

    Args:
        failures: at least one.
        replicas: how many the stack has.
        redact: takes out what may not be shown.
    """
    alike: dict[tuple[str, str], list[Failure]] = {}
    for failure in failures:
        alike.setdefault((failure.replica.rpartition("/")[0], failure.reason), []).append(failure)
    sentences = [f"{_names(group)}: {reason}" for (_, reason), group in alike.items()]
    tails = [_tail(group[0]) for group in alike.values() if group[0].log]
    if len(sentences) == 1:
        what = sentences[0]
    else:
        listed = "".join(f"\n  {sentence}" for sentence in sentences)
        what = f"{len(failures)} of {replicas} replicas did not start:{listed}\n"
    return StackError(redact(what), mend=redact("\n".join(tails)))


def _names(group: Sequence[Failure]) -> str:
    first, *others = (failure.replica for failure in group)
    return ", ".join([first, *("/" + name.rpartition("/")[2] for name in others)])


def _tail(failure: Failure) -> str:
    if not failure.tail:
        return f"it wrote nothing to {failure.log}"
    return f"last lines of {failure.log}:" + "".join(f"\n    {line}" for line in failure.tail)
