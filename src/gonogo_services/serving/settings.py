"""What every service takes from its environment about serving."""

from __future__ import annotations

from dataclasses import dataclass

from gonogo_services.environment import Environment
from gonogo_services.errors import SettingsError

__all__ = ["ServerSettings"]

LOG_LEVELS = ("critical", "error", "warning", "info", "debug")
_MOST_WORKERS = 256
_LAST_PORT = 65535


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """How a service listens and with how many workers.

    Attributes:
        host: name or address to listen on (``HOST``).
        port: TCP port; 0 lets the system choose one, which the ready line names (``PORT``).
        workers: worker processes (``WORKERS``).
        log_level: one of ``critical``, ``error``, ``warning``, ``info``, ``debug`` (``LOG_LEVEL``).
        access_log: whether each request is logged (``ACCESS_LOG``, 1 or 0).
        grace_s: seconds that requests under way get to finish when the service is told to stop (``GRACE_S``).
    """

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    log_level: str = "info"
    access_log: bool = False
    grace_s: int = 20

    def __post_init__(self) -> None:
        """Refuse what cannot be served with.

        Raises:
            SettingsError: a value is out of range; the message names its variable.
        """
        if not self.host:
            raise SettingsError("HOST is empty; give a name or an address, such as HOST=0.0.0.0")
        if not 0 <= self.port <= _LAST_PORT:
            raise SettingsError(f"PORT={self.port} is no TCP port; use 1 to {_LAST_PORT}, or 0 for any free port")
        if not 1 <= self.workers <= _MOST_WORKERS:
            raise SettingsError(f"WORKERS={self.workers} is out of range; use 1 to {_MOST_WORKERS}")
        if self.log_level not in LOG_LEVELS:
            raise SettingsError(f"LOG_LEVEL={self.log_level!r} is not known; use one of {', '.join(LOG_LEVELS)}")

    @classmethod
    def from_environment(cls, environment: Environment) -> ServerSettings:
        """Read ``HOST``, ``PORT``, ``WORKERS``, ``LOG_LEVEL``, ``ACCESS_LOG`` and ``GRACE_S``.

        Raises:
            SettingsError: a value cannot be used; the message names its variable.
        """
        defaults = cls()
        return cls(
            host=environment.text("HOST", defaults.host),
            port=environment.whole_number("PORT", defaults.port),
            workers=environment.whole_number("WORKERS", defaults.workers),
            log_level=environment.choice("LOG_LEVEL", defaults.log_level, LOG_LEVELS),
            access_log=environment.switch("ACCESS_LOG", default=defaults.access_log),
            grace_s=environment.whole_number("GRACE_S", defaults.grace_s),
        )
