"""Templates: text with places that each request fills anew.

=================  =====================================================================================
place              filled with
=================  =====================================================================================
``{request_id}``   a UUID of this request
``{user}``         the number of the user who asks, 0 up to the target's ``users``
``{row.NAME}``     the value of this name in the request's row of the target's data set
``{filler}``       letters, as many as the target's ``size`` says
``{{user}}``       the text ``{user}`` itself; likewise for the others
=================  =====================================================================================

Other braces mean nothing. What fills a place follows from the seed and from how many requests the target had before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from urllib.parse import quote

from gonogo.errors import TargetError
from gonogo.load.dataset import DataSet
from gonogo.load.sizes import Sizes

__all__ = ["Draw", "Part", "Place", "Source", "compile_text", "form_json", "form_text", "form_url", "split", "value_of"]

_PLACE = re.compile(r"\{(\{)?(request_id|user|filler|row\.[^{}\r\n\"]+)\}(?(1)\})")
_ESCAPED = re.compile(r"\\.")
_LETTERS = 1 << 20


@dataclass(frozen=True, slots=True)
class Place:
    """A place to be filled: ``request_id``, ``user``, ``filler`` or ``row.NAME``."""

    word: str

    @property
    def name(self) -> str:
        """The name in the data set's rows; empty for other places."""
        return self.word.removeprefix("row.") if self.word.startswith("row.") else ""


Part = str | Place


def split(text: str) -> tuple[Part, ...]:
    """Return the literal texts and the places of a template, in turn: a text, a place, a text, and so on."""
    parts: list[Part] = []
    literal, position = "", 0
    for match in _PLACE.finditer(text):
        literal += text[position : match.start()]
        position = match.end()
        if match.group(1):
            literal += f"{{{match.group(2)}}}"
        else:
            parts += [literal, Place(match.group(2))]
            literal = ""
    return (*parts, literal + text[position:])


class Draw:
    """What fills the places of one request.

    Attributes:
        row: the request's row; empty without a data set.
    """

    __slots__ = ("_digest", "_source", "row")

    def __init__(self, source: Source, digest: bytes, row: tuple[object, ...]) -> None:
        self._source = source
        self._digest = digest
        self.row = row

    @property
    def request_id(self) -> str:
        """A UUID (RFC 9562, version 4)."""
        digits = self._digest[:16].hex()
        return (
            f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{'89ab'[self._digest[8] & 3]}{digits[17:20]}-{digits[20:]}"
        )

    @property
    def user(self) -> int:
        """The number of the user who asks."""
        return int.from_bytes(self._digest[16:24]) % self._source.users

    @property
    def filler(self) -> str:
        """Letters, as many as the target's sizes say."""
        share = int.from_bytes(self._digest[24:32]) / 2**64
        return self._source.letters(int.from_bytes(self._digest[:8]), share)


class Source:
    """Draws what fills the places of a target's requests, each draw by its number alone."""

    def __init__(self, seed: str, *, users: int, data: DataSet | None, sizes: Sizes | None) -> None:
        self._key = blake2b(seed.encode(), digest_size=32).digest()
        self.users = users
        self._rows = data.rows if data else ((),)
        self._sizes = sizes
        self._letters = ""

    def draw(self, number: int) -> Draw:
        """Return what fills the places of a target's request ``number``, counted from 0."""
        digest = blake2b(number.to_bytes(8), digest_size=32, key=self._key).digest()
        return Draw(self, digest, self._rows[number % len(self._rows)])

    def letters(self, offset: int, share: float) -> str:
        """Return filler of the size that a share of 0 to 1 stands for."""
        size = self._sizes.at(share) if self._sizes else 0
        if not self._letters:
            noise = blake2b(self._key, digest_size=64).digest()
            blocks = (blake2b(count.to_bytes(4), key=noise).hexdigest() for count in range(_LETTERS // 128))
            self._letters = "".join(blocks).translate(str.maketrans("0123456789", "ghijklmnop"))
        start = offset % _LETTERS
        if start + size > _LETTERS:
            return (self._letters * (2 + size // _LETTERS))[start : start + size]
        return self._letters[start : start + size]


Fill = Callable[[Draw], str]


def form_text(value: object) -> str:
    """Return a value as plain text: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def form_url(value: object) -> str:
    """Return a value as a part of a URL."""
    return quote(form_text(value), safe="", errors="replace")


def form_json(value: object) -> str:
    """Return a value as JSON."""
    return json.dumps(value)


def _form_in_string(value: object) -> str:
    return json.dumps(form_text(value))[1:-1]


def value_of(place: Place, data: DataSet | None) -> Callable[[Draw], object]:
    """Return what reads a place's value from a draw.

    Raises:
        TargetError: the place is one of a row, and there is no data set or it has no such name.
    """
    if place.name:
        if data is None:
            raise TargetError(
                f"{{{place.word}}} without a data set",
                mend=f"give data=, or write {{{{{place.word}}}}} for the text itself",
            )
        column = data.place(place.name)
        return lambda draw: draw.row[column]
    word = place.word
    return lambda draw: getattr(draw, word)


def compile_text(
    parts: Sequence[Part], data: DataSet | None, form: Callable[[object], str], *, as_json: bool = False
) -> list[str | Fill]:
    """Return a template's parts with places turned into what fills them.

    Args:
        parts: of :func:`split`.
        data: the target's data set.
        form: turns a value into text.
        as_json: the text is JSON: inside of a string a value is written so that the string stays one; a string that is
            nothing but a place, and a place outside of strings, become the value itself. ``form`` is not used.
    """
    if not as_json:
        return [part if isinstance(part, str) else _fill(value_of(part, data), form) for part in parts]
    return _compile_json(parts, data)


def _compile_json(parts: Sequence[Part], data: DataSet | None) -> list[str | Fill]:
    made: list[str | Fill] = []
    inside = alone = False
    for text, place, after in zip(parts[::2], [*parts[1::2], None], [*parts[2::2], ""], strict=True):
        assert isinstance(text, str)  # noqa: S101 - texts and places take turns
        assert isinstance(after, str)  # noqa: S101 - likewise
        literal = text[1:] if alone else text
        inside ^= _ESCAPED.sub("", literal).count('"') % 2 == 1
        alone = inside and literal.endswith('"') and not literal.endswith('\\"') and _closes_value(after)
        made.append(literal[:-1] if alone else literal)
        if isinstance(place, Place):
            inside = inside and not alone
            made.append(_fill(value_of(place, data), _form_in_string if inside else form_json))
    return made


def _closes_value(text: str) -> bool:
    """Return whether JSON text begins with the end of a string that is no key of an object."""
    return text.startswith('"') and not text[1:].lstrip().startswith(":")


def _fill(value: Callable[[Draw], object], form: Callable[[object], str]) -> Fill:
    return lambda draw: form(value(draw))
