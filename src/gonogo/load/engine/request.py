"""A target made ready to send: its bytes, how its answers are accepted, and what is kept of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gonogo.load.checks import Expectation, HasHeader, HasStatus
from gonogo.load.engine.answer import Wanted
from gonogo.load.engine.render import Renderer
from gonogo.load.engine.values import ValueLog
from gonogo.load.json_path import NOTHING, at, parsed, steps
from gonogo.load.mix import interleave
from gonogo.load.plan import LoadPlan
from gonogo.load.share import Share
from gonogo.load.target import Target
from gonogo.load.template import Source, value_of

__all__ = ["ACCEPTED", "REFUSED", "WRONG", "Request", "TargetRequests", "requests_in_turn", "requests_of"]

ACCEPTED, REFUSED, WRONG = range(3)
"""An answer is a success; has a status that is none; or fails a check that ``expect=`` named."""

_MOST_REMEMBERED = 1024
_MOST_RECALLED = 512
_LARGEST_REMEMBERED = 8192
_ROOM_FOR_ROWS = 64 * 1024 * 1024

Kept = tuple[tuple[int, int], ...]
"""Places among the run's further columns, each with the number of a value."""

Taken = tuple[int, Kept]
"""How an answer was taken: ACCEPTED, REFUSED or WRONG; and what it gives to the further columns."""

_PLAIN_ACCEPTED: Taken = (ACCEPTED, ())
_PLAIN_REFUSED: Taken = (REFUSED, ())


class Request:
    """One request as the engine sends it; shared by all requests of a target when they are equal.

    Attributes:
        number: the target's place in the plan.
        payload: the whole request.
        head_only: the answer has no body, whatever its head says (HEAD).
        collects: bodies of its answers are collected, because checks or further columns read them; or it is HEAD.
        needs_headers: the headers are collected too.
        kept: values of further columns that are known before it is sent.
        plain: nothing is asked of its answers but a status of 200 to 399, and nothing kept of them.
        answers: judges its answers.
    """

    __slots__ = ("answers", "collects", "head_only", "kept", "needs_headers", "number", "payload", "plain")

    def __init__(self, number: int, payload: bytes, answers: Answers, kept: Kept = ()) -> None:
        self.number = number
        self.payload = payload
        self.answers = answers
        self.kept = kept
        self.head_only = answers.head_only
        self.collects = answers.needs_body or answers.needs_headers or answers.head_only
        self.needs_headers = answers.needs_headers
        self.plain = answers.plain


class Answers:
    """Judges the answers of one target.

    Checks and extraction depend on nothing but the answer, so the results for an equal answer are remembered. Answers
    that are equal to the last byte need not even be parsed again; where too few are, nobody looks for them any more.

    Attributes:
        head_only: no answer has a body, whatever its head says (HEAD).
        needs_headers: headers must be collected.
        needs_body: bodies must be collected.
        plain: nothing is asked of the answers but a status of 200 to 399, and nothing kept of them.
        wanted: the headers that must be collected.
        recalls: it is worth to ask :meth:`recall`.
    """

    def __init__(self, target: Target, columns: Mapping[str, int], values: ValueLog) -> None:
        self.head_only = target.method == "HEAD"
        statuses = [set(check.statuses) for check in target.expect if isinstance(check, HasStatus)]
        self._statuses = set.intersection(*statuses) if statuses else None
        self._checks: tuple[Expectation, ...] = tuple(c for c in target.expect if not isinstance(c, HasStatus))
        self._values = values
        answered = [one for one in target.extract if one.place is None]
        self._headers = [(columns[one.name], one.header) for one in answered if one.header]
        self._paths = [(columns[one.name], steps(one.source)) for one in answered if not one.header]
        self._extracts = bool(answered)
        self.needs_headers = any(check.needs_headers for check in self._checks) or bool(self._headers)
        self.needs_body = any(check.needs_body for check in self._checks) or bool(self._paths)
        self.plain = not (target.expect or answered)
        self._known: dict[tuple[object, ...], Taken] = {}
        self._whole: dict[bytes, tuple[int, Taken]] = {}
        self._hits = self._misses = 0
        self.recalls = not (self.plain or self.head_only)
        named = all(isinstance(check, HasHeader) for check in self._checks if check.needs_headers)
        names = [check.name.lower() for check in self._checks if isinstance(check, HasHeader)]
        self.wanted = Wanted([*names, *(header for _, header in self._headers)] if named else None)

    def take(self, status: int, headers: Mapping[str, str], body: bytes) -> Taken:
        """Return ACCEPTED, REFUSED or WRONG for an answer, and what it gives to the further columns."""
        if self.plain:
            return _PLAIN_ACCEPTED if 200 <= status < 400 else _PLAIN_REFUSED  # noqa: PLR2004 - what is a success
        key = (status, body, *headers.items())
        taken = self._known.get(key)
        if taken is None:
            taken = self._taken(status, headers, body)
            if len(self._known) < _MOST_REMEMBERED and len(body) <= _LARGEST_REMEMBERED:
                self._known[key] = taken
        return taken

    def recall(self, answer: bytes) -> tuple[int, Taken] | None:
        """Return the status of an answer that came before, head and body, and how it was taken; None for a new one."""
        found = self._whole.get(answer)
        if found is None:
            self._misses += 1
        else:
            self._hits += 1
        return found

    def remember(self, answer: bytes, status: int, taken: Taken) -> None:
        """Remember an answer, head and body, that is complete and leaves its connection open."""
        if len(self._whole) >= _MOST_RECALLED:
            self._whole.clear()
            self.recalls = self._hits >= self._misses
            self._hits = self._misses = 0
        if len(answer) <= _LARGEST_REMEMBERED:
            self._whole[answer] = (status, taken)

    def _taken(self, status: int, headers: Mapping[str, str], body: bytes) -> Taken:
        return self._judge(status, headers, body), self._extracted(headers, body) if self._extracts else ()

    def _judge(self, status: int, headers: Mapping[str, str], body: bytes) -> int:
        if self._statuses is None:
            if not 200 <= status < 400:  # noqa: PLR2004 - the statuses that are a success
                return REFUSED
        elif status not in self._statuses:
            return WRONG
        return ACCEPTED if all(check.check(status, headers, body) for check in self._checks) else WRONG

    def _extracted(self, headers: Mapping[str, str], body: bytes) -> Kept:
        code = self._values.code
        answer = parsed(body) if self._paths else NOTHING
        found = [(column, at(answer, path)) for column, path in self._paths]
        found += [(column, headers.get(name, NOTHING)) for column, name in self._headers]
        return tuple([(column, code(value)) for column, value in found if value is not NOTHING])


class TargetRequests:
    """Makes the requests of one target, one after the other.

    Args:
        number: the target's place in the plan.
        target: what its requests are.
        seed: of the plan.
        columns: the places of the run's further columns, by name.
        values: takes the values of further columns.

    Attributes:
        same: the request that all of them are; None when each is filled anew.
    """

    def __init__(
        self, number: int, target: Target, *, seed: int = 0, columns: Mapping[str, int], values: ValueLog
    ) -> None:
        self._number = number
        self._answers = Answers(target, columns, values)
        self._renderer = Renderer(target)
        self._values = values
        self._source = Source(f"{seed} {number}", users=target.users, data=target.data, sizes=target.size)
        self._kept = [(columns[one.name], value_of(one.place, target.data)) for one in target.extract if one.place]
        fixed = self._renderer.fixed
        self.same = Request(number, fixed, self._answers) if fixed is not None and not self._kept else None
        # Where nothing but rows fills the places, a row's request is made once.
        self._rows = len(target.data) if target.data and all(place.name for place in target.places) else 0
        self._by_row: dict[int, Request] = {}
        self._room = _ROOM_FOR_ROWS

    def request(self, number: int) -> Request:
        """Return the target's request of this number, counted from 0."""
        if self.same is not None:
            return self.same
        if self._rows:
            known = self._by_row.get(number % self._rows)
            if known is not None:
                return known
        draw = self._source.draw(number)
        code = self._values.code
        kept = tuple((column, code(value(draw))) for column, value in self._kept)
        made = Request(self._number, self._renderer.fixed or self._renderer.filled(draw), self._answers, kept)
        if self._rows and len(made.payload) < self._room:
            self._room -= len(made.payload)
            self._by_row[number % self._rows] = made
        return made


def requests_of(plan: LoadPlan, share: Share, values: ValueLog) -> Iterator[Request]:
    """Yield the requests of an engine's share of a plan, without end."""
    columns = {name: place for place, name in enumerate(plan.further_columns)}
    targets = [
        TargetRequests(number, target, seed=plan.seed, columns=columns, values=values)
        for number, target in enumerate(plan.targets)
    ]
    weights = [target.weight for target in plan.targets]
    if plan.rate is None:
        # Engines of a closed loop are not equally fast: each has the whole mix.
        turns = interleave(weights, plan.seed + share.number)
        return requests_in_turn(turns, targets, first=share.number, step=share.engines)
    return share.of(requests_in_turn(interleave(weights, plan.seed), targets))


def requests_in_turn(
    turns: Iterator[int], targets: list[TargetRequests], *, first: int = 0, step: int = 1
) -> Iterator[Request]:
    """Yield the requests of targets that take these turns.

    Args:
        turns: whose turn it is, by the place among ``targets``.
        targets: what makes their requests.
        first: number of each target's first request.
        step: between the numbers of a target's requests.
    """
    same = [target.same for target in targets]
    known = [request for request in same if request is not None]
    if len(known) == len(targets):
        return map(known.__getitem__, turns)
    return _numbered(turns, targets, first, step)


def _numbered(turns: Iterator[int], targets: list[TargetRequests], first: int, step: int) -> Iterator[Request]:
    taken = [first] * len(targets)
    for turn in turns:
        yield targets[turn].request(taken[turn])
        taken[turn] += step
