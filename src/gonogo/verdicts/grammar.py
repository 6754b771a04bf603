"""The text grammar of criteria: ``p99 < 50ms``, ``status[503] between 10% and 30%``, ``success >= 99.9% at 99%``.

::

    criterion = measure comparison ["at" share]
    measure   = [population "."] name ["[" key "]"]
    comparison = ("<" | "<=" | ">" | ">=" | "==" | "!=") limit | "between" limit "and" limit
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Final, get_args

from gonogo.errors import GrammarError
from gonogo.verdicts.arms import read_arms
from gonogo.verdicts.criterion import DEFAULT_CONFIDENCE, Between, Comparison, Criterion, MeasureName, Operator
from gonogo.verdicts.limits import canonical_limit, parse_limit
from gonogo.verdicts.routing import read_routing
from gonogo.verdicts.vocabulary import ERROR_KINDS, POPULATIONS, Entry, level_of, look_up, suggestion

__all__ = ["parse", "parse_measure"]

_NAME: Final = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_.]*)")
_COMPARISON: Final = re.compile(r"\s*(<=|>=|==|!=|=<|=>|<>|≤|≥|≠|<|>|=|between\b|within\b)")
_CONFIDENCE: Final = re.compile(r"(.*?\S)\s+at\s+(\S.*)", re.DOTALL)
_RANGE: Final = re.compile(r"(.*?\S)\s+and\s+(\S.*)", re.DOTALL)
_STATUS: Final = re.compile(r"[1-5](?:[0-9]{2}|xx)")
_SYMBOLS: Final = {"≤": "<=", "≥": ">=", "≠": "!="}
_MISWRITTEN: Final = {"=<": "<=", "=>": ">=", "<>": "!=", "=": "=="}
_ALWAYS: Final = ("every run fulfils that", "give a limit inside 0% and 100%")
_NEVER: Final = ("no run can fulfil that", "give a limit inside 0% and 100%")
_EMPTY_CLAIMS: Final = {(">=", 0.0): _ALWAYS, ("<=", 1.0): _ALWAYS, ("<", 0.0): _NEVER, (">", 1.0): _NEVER}


@dataclass(frozen=True, slots=True)
class _Text:
    """The text that is read, to say where in it a fault stands."""

    text: str

    def at(self, position: int) -> str:
        rest = self.text[position:].strip()
        place = f"character {position + 1}, {rest!r}" if rest else "its end"
        return f"in the criterion {self.text!r} at {place}"

    def of(self, part: str) -> str:
        """Where ``part``, a piece from the text's right side, stands."""
        return self.at(max(0, self.text.rfind(part)))


def parse(text: str, *, confidence: float = DEFAULT_CONFIDENCE) -> Criterion:
    """Return the criterion that ``text`` says.

    Args:
        text: one criterion, such as ``p99[POST /predict] < 50ms`` or ``success >= 99.9% at 99%``.
        confidence: one-sided confidence of its bounds, where the text has no ``at``.

    Raises:
        GrammarError: it cannot be read, names an unknown measure, its limit's unit does not fit, or it claims what
            holds for every run or for none.
    """
    source = _Text(text)
    measure, entry, position = _measure(source)
    sign = _COMPARISON.match(text, position)
    if sign is None:
        raise GrammarError(
            "a comparison is missing",
            where=source.at(position),
            mend=f"write one of {', '.join(get_args(Operator))} or 'between … and …', as in {entry.example}",
        )
    rest = text[sign.end() :].strip()
    suffix = _CONFIDENCE.fullmatch(rest)
    if suffix:
        rest = suffix.group(1)
        confidence = _limit(source, suffix.group(2), "share", "success >= 99.9% at 99%")
    claim = _claim(source, sign.group(1), rest, entry)
    fault = _fault(claim, entry)
    if fault:
        raise GrammarError(fault[0], where=f"in the criterion {text!r}", mend=fault[1])
    return Criterion(measure, claim, entry.unit, _canonical(measure, claim, entry.unit, confidence), confidence)


def parse_measure(text: str) -> MeasureName:
    """Return the measure that ``text`` names, such as ``p99[POST /predict]`` or ``answered.mean``.

    Raises:
        GrammarError: there is no such measure, its key does not fit, or something else follows it.
    """
    source = _Text(f"{text} <")
    measure, _, position = _measure(source)
    if source.text[position:].strip() != "<":
        raise GrammarError(
            f"{text!r} is no measure", where=source.at(position), mend="write the measure alone, such as p99"
        )
    return measure


def _measure(source: _Text) -> tuple[MeasureName, Entry, int]:
    head = _NAME.match(source.text)
    if head is None:
        raise GrammarError(
            "a measure is missing", where=source.at(0), mend="write a criterion such as p99 < 50ms or success >= 99.9%"
        )
    key, position = _key(source, head.end())
    first, dot, last = head.group(1).partition(".")
    # shadow.success is a measure of its own name; shadow.p99 is p99 of a population.
    timed = dot and first in POPULATIONS and look_up(MeasureName(head.group(1))) is None
    measure = MeasureName(_plain(last if timed else head.group(1)), first if timed else "", key)
    entry = look_up(measure)
    if entry is None:
        raise GrammarError(
            f"{head.group(1)!r} is no measure", where=source.at(head.start(1)), mend=suggestion(head.group(1))
        )
    wrong = _key_fault(key, entry)
    if wrong:
        raise GrammarError(wrong[0], where=source.at(head.end()), mend=wrong[1])
    return measure, entry, position


def _plain(name: str) -> str:
    """Return a percentile's name with its decimal point: ``p999`` is ``p99.9``."""
    level = level_of(name)
    return name if level is None else f"p{round(level * 100, 8):.8f}".rstrip("0").rstrip(".")


def _key(source: _Text, position: int) -> tuple[str, int]:
    """Return what stands in the brackets at ``position``, and where reading goes on.

    A key may hold brackets itself: it ends at the first ``]`` that a comparison follows.
    """
    if not source.text.startswith("[", position):
        return "", position
    end = source.text.find("]", position)
    while end >= 0:
        key = source.text[position + 1 : end].strip()
        if _COMPARISON.match(source.text, end + 1):
            if not key:
                raise GrammarError("nothing stands in the brackets", where=source.at(position), mend="name a key")
            return key, end + 1
        end = source.text.find("]", end + 1)
    raise GrammarError(
        "after '[' a ']' with a comparison behind it is missing",
        where=source.at(position),
        mend="write as in status[503] <= 25%",
    )


def _form_fault(key: str, entry: Entry) -> tuple[str, str] | None:
    """Return what is wrong with brackets that have a form of their own."""
    try:
        if entry.key == "routing":
            read_routing(key)
        elif entry.key in ("split", "moves", "pair", "outcome"):
            read_arms(key, entry.key)
    except GrammarError as error:
        return error.what, error.mend
    return None


def _key_fault(key: str, entry: Entry) -> tuple[str, str] | None:
    if entry.key_required and not key:
        return "the measure needs a key", f"write as in {entry.example}"
    if fault := _form_fault(key, entry):
        return fault
    if entry.key == "none" and key:
        return f"{key!r} is no key of the measure, which has none", f"write as in {entry.example}"
    if entry.key == "status" and not _STATUS.fullmatch(key):
        return f"{key!r} is no HTTP status", "write a status from 100 to 599 or a class such as 5xx"
    if entry.key == "error" and key and key not in ERROR_KINDS:
        near = difflib.get_close_matches(key, ERROR_KINDS, n=1)
        return f"{key!r} is no kind of error", f"did you mean {near[0]}?" if near else f"write {', '.join(ERROR_KINDS)}"
    return None


def _claim(source: _Text, sign: str, rest: str, entry: Entry) -> Comparison | Between:
    if sign in _MISWRITTEN:
        raise GrammarError(f"{sign!r} is no comparison", where=source.of(sign), mend=f"write {_MISWRITTEN[sign]}")
    if not rest:
        raise GrammarError("a limit is missing", where=source.at(len(source.text)), mend=f"write as in {entry.example}")
    if (sign == "within") != (entry.kind == "split"):
        raise GrammarError(f"{sign!r} does not fit the measure", where=source.of(sign), mend=f"write {entry.example}")
    if sign == "within":
        return Comparison("<=", _limit(source, rest, entry.unit, entry.example))
    if sign == "between":
        return _range(source, rest, entry)
    # The pattern yields no other signs than the operators here.
    operator: Operator = _SYMBOLS.get(sign, sign)  # type: ignore[assignment]
    return Comparison(operator, _entry_limit(source, rest, entry))


def _range(source: _Text, rest: str, entry: Entry) -> Between:
    ends = _RANGE.fullmatch(rest)
    if ends is None:
        raise GrammarError("'between' needs two limits", where=source.of(rest), mend="write 'between 10% and 30%'")
    low, high = (_entry_limit(source, end, entry) for end in ends.groups())
    if low > high:
        raise GrammarError(
            f"between {ends.group(1)} and {ends.group(2)} holds no value",
            where=source.of(rest),
            mend="write the smaller limit first",
        )
    return Between(low, high)


def _entry_limit(source: _Text, given: str, entry: Entry) -> float:
    """Return the limit of a measure; that of a difference may lie below 0."""
    below = entry.signed and given.strip().startswith(("-", "\N{MINUS SIGN}"))
    limit = _limit(source, given.strip()[1:] if below else given, entry.unit, entry.example)
    return -limit if below and limit else limit


def _limit(source: _Text, given: str, unit: str, example: str) -> float:
    try:
        return parse_limit(given.strip(), unit, example=example)
    except GrammarError as error:
        raise GrammarError(error.what, where=source.of(given), mend=error.mend) from error


def _fault(claim: Comparison | Between, entry: Entry) -> tuple[str, str] | None:
    """Return what is wrong with a well-formed claim, and the mend; None when it says something that can be judged."""
    if isinstance(claim, Between):
        if claim.low == claim.high and entry.kind != "count":
            return "a range without width can never be shown", "give the two limits room between them"
        empty = entry.unit == "share" and (claim.low, claim.high) == (0.0, 1.0)
        return _EMPTY_CLAIMS[">=", 0.0] if empty else None
    if entry.kind == "split":
        return _EMPTY_CLAIMS["<=", 1.0] if claim.limit >= 1 else None
    at_end = entry.unit == "share" and claim.limit in (0.0, 1.0) and not entry.signed
    if claim.operator in ("==", "!=") and entry.kind != "count" and not at_end:
        return (
            f"{claim.operator} on a measured quantity can neither be shown nor refuted by data",
            "write 'between … and …' with the margin that you accept",
        )
    return _EMPTY_CLAIMS.get((claim.operator, claim.limit)) if at_end else None


def _canonical(measure: MeasureName, claim: Comparison | Between, unit: str, confidence: float) -> str:
    if isinstance(claim, Between):
        text = f"{measure} between {canonical_limit(claim.low, unit)} and {canonical_limit(claim.high, unit)}"
    else:
        sign = "within" if measure.name == "split" else claim.operator
        text = f"{measure} {sign} {canonical_limit(claim.limit, unit)}"
    return text if confidence == DEFAULT_CONFIDENCE else f"{text} at {canonical_limit(confidence, 'share')}"
