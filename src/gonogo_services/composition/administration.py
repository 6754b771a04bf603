"""The admin calls: change parameters while the proxy runs, and read what was collected."""

from __future__ import annotations

import logging
import time
from dataclasses import asdict, replace
from typing import Any, Final
from urllib.parse import parse_qs

from pydantic import ValidationError

from gonogo_services.composition.admission import Admission
from gonogo_services.composition.answers import Change
from gonogo_services.composition.collection import Collection
from gonogo_services.composition.config_file import read_config_file
from gonogo_services.composition.parameters import Parameters
from gonogo_services.composition.settings import ProxySettings
from gonogo_services.composition.switchboard import Switchboard
from gonogo_services.errors import SettingsError
from gonogo_services.serving.exchange import Question, Reply
from gonogo_services.serving.refusal import Refusal

__all__ = ["Administration", "described", "first_parameters"]

_BAD_REQUEST: Final = 400
_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_UNUSABLE: Final = 422
_MOST_ROWS: Final = 1000
_FEW_ROWS: Final = 100
_CHALLENGE: Final = (b"www-authenticate", b'Bearer realm="admin"')

logger = logging.getLogger(__name__)


def first_parameters(settings: ProxySettings, values: dict[str, str], *, who: str, now_s: float) -> Parameters:
    """Return the parameters of the environment ``values`` and, where it says something else, of the config file.

    Raises:
        SettingsError: a value cannot be used; the message names its variable.
    """
    return Parameters.read(values | read_config_file(settings.config_file), settings.backends, who=who, now_s=now_s)


def described(parameters: Parameters) -> dict[str, Any]:
    """Return parameters as answers show them."""
    return {
        "version": parameters.version,
        "changed_by": parameters.changed_by,
        "changed_at_s": parameters.changed_at_s,
        "parameters": parameters.values(),
    }


class Administration:
    """Changes and reads what only the holders of admin tokens may.

    Args:
        settings: whose tokens, which config file.
        switchboard: what is changed.
        collection: what is read.
        values: the environment, for ``reload``.
    """

    def __init__(
        self, settings: ProxySettings, switchboard: Switchboard, collection: Collection, values: dict[str, str]
    ) -> None:
        self._settings = settings
        self._admission = Admission(settings.tokens)
        self._switchboard = switchboard
        self._collection = collection
        self._values = values

    async def change(self, question: Question) -> Reply:
        """Change parameters and return those that hold from now on, for every worker."""
        who = self._who(question)
        if isinstance(who, Reply):
            return who
        try:
            given = Change.model_validate_json(question.body).root
        except ValidationError as error:
            kind = error.errors(include_url=False)[0]["type"]
            raise Refusal(
                _BAD_REQUEST if kind == "json_invalid" else _UNUSABLE, "body", 'give {"ACTIVATE_<NAME>": 0, …}'
            ) from None
        texts = {key: value if isinstance(value, str) else repr(value) for key, value in given.items()}
        now_s = time.time()
        try:
            before, after = self._switchboard.change(lambda current: current.changed(texts, who=who, now_s=now_s))
        except SettingsError as error:
            raise Refusal(_UNUSABLE, "body", str(error)) from None
        _log(before, after)
        return Reply(described(after))

    async def collected(self, question: Question) -> Reply:
        """Return the newest predictions of deactivated services; ``limit`` says how many."""
        who = self._who(question)
        if isinstance(who, Reply):
            return who
        text = parse_qs(question.query.decode("latin-1")).get("limit", [str(_FEW_ROWS)])[-1]
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= _MOST_ROWS):
            raise Refusal(_UNUSABLE, "limit", f"give a whole number from 1 to {_MOST_ROWS}")
        total, dropped = self._collection.counts()
        rows = [asdict(row) for row in self._collection.latest(int(text))]
        return Reply({"total": total, "dropped": dropped, "predictions": rows})

    def reload(self) -> None:
        """Read the config file again and put its parameters, and the environment's, in force; errors change nothing."""
        try:
            now_s = time.time()
            fresh = first_parameters(self._settings, self._values, who="SIGHUP", now_s=now_s)
            before, after = self._switchboard.change(lambda current: replace(fresh, version=current.version + 1))
        except SettingsError as error:
            logger.error("SIGHUP changed nothing: %s", error)  # noqa: TRY400 - the message says all; no traceback
        else:
            _log(before, after)

    def _who(self, question: Question) -> str | Reply:
        if not self._admission.possible:
            raise Refusal(_FORBIDDEN, "authorization", "no ADMIN_TOKEN_<WHO> is set, so that nobody may do this")
        who = self._admission.who(question.header(b"authorization"))
        if who is not None:
            return who
        detail = {"detail": "authorization: give a token, as in 'authorization: Bearer …'", "field": "authorization"}
        return Reply(detail, _UNAUTHORIZED, [_CHALLENGE])


def _log(before: Parameters, after: Parameters) -> None:
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(after.changed_at_s))
    logger.warning(
        "parameters version %d: %s, by %s at %s", after.version, before.differences(after), after.changed_by, at
    )
