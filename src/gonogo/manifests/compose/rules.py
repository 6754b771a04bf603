"""What can be wrong with a docker-compose file, beside what can be wrong with every manifest."""

from __future__ import annotations

from typing import Final

from gonogo.manifests.findings import Severity
from gonogo.manifests.rule import Rule

__all__ = [
    "COMPOSE_FILE_MISSING",
    "COMPOSE_KEY_UNKNOWN",
    "COMPOSE_KEY_UNSUPPORTED",
    "COMPOSE_PORTLESS",
    "COMPOSE_PROFILE",
    "COMPOSE_VALUE",
    "COMPOSE_VARIABLE_TAKEN",
    "COMPOSE_VARIABLE_UNSET",
    "RULES",
]

COMPOSE_KEY_UNKNOWN: Final = Rule("compose-key-unknown", Severity.ERROR, "Compose has no such key")
COMPOSE_KEY_UNSUPPORTED: Final = Rule(
    "compose-key-unsupported", Severity.ERROR, "a docker-compose file asks for something that gonogo cannot run"
)
COMPOSE_VALUE: Final = Rule("compose-value", Severity.ERROR, "a docker-compose file has a value that cannot be used")
COMPOSE_FILE_MISSING: Final = Rule(
    "compose-file-missing", Severity.ERROR, "a file that a docker-compose file names cannot be read"
)
COMPOSE_VARIABLE_UNSET: Final = Rule(
    "compose-variable-unset", Severity.WARNING, "a docker-compose file uses a variable that is not set"
)
COMPOSE_VARIABLE_TAKEN: Final = Rule(
    "compose-variable-taken", Severity.NOTICE, "a docker-compose file takes a value from the caller's environment"
)
COMPOSE_PORTLESS: Final = Rule("compose-portless", Severity.NOTICE, "a service of a docker-compose file names no port")
COMPOSE_PROFILE: Final = Rule("compose-profile", Severity.NOTICE, "a service of a docker-compose file has a profile")
RULES: Final = (
    COMPOSE_KEY_UNKNOWN,
    COMPOSE_KEY_UNSUPPORTED,
    COMPOSE_VALUE,
    COMPOSE_FILE_MISSING,
    COMPOSE_VARIABLE_UNSET,
    COMPOSE_VARIABLE_TAKEN,
    COMPOSE_PORTLESS,
    COMPOSE_PROFILE,
)
