"""``python -m gonogo_services.batch.mariadb``: a MariaDB server that starts as the images mysql and mariadb do.

The first start makes the data folder; ``MYSQL_ROOT_PASSWORD`` (or ``MYSQL_ALLOW_EMPTY_PASSWORD``), ``MYSQL_DATABASE``,
``MYSQL_USER`` and ``MYSQL_PASSWORD`` (or the same names with ``MARIADB_``) say what is in it, as documented at
https://hub.docker.com/_/mysql. Then this process becomes the server. It takes no connection before the accounts are
there. Every commit is durable.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gonogo_services.batch.data_folder import DataFolder, quoted, run_once, server_program
from gonogo_services.errors import SettingsError
from gonogo_services.program import exit_with

__all__ = ["Accounts", "main"]

_NAME: Final = re.compile(r"[A-Za-z0-9_$-]{1,64}")
_PACKAGE: Final = "mariadb-server"
_EVERYBODY: Final = ("localhost", "%")


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts and the database of a new data folder.

    Attributes:
        root_password: empty where an empty one is allowed.
        database: empty: none.
        user: empty: none but root.
        password: of the user.
    """

    root_password: str
    database: str = ""
    user: str = ""
    password: str = ""

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Accounts:
        """Return what the variables say.

        Raises:
            SettingsError: there is no password of root, a name is none, or a user has no password.
        """

        def text(name: str) -> str:
            return environment.get(f"MYSQL_{name}") or environment.get(f"MARIADB_{name}", "")

        empty = text("ALLOW_EMPTY_PASSWORD") or environment.get("MARIADB_ALLOW_EMPTY_ROOT_PASSWORD", "")
        if not text("ROOT_PASSWORD") and not empty:
            raise SettingsError("MYSQL_ROOT_PASSWORD is not set; set it, or MYSQL_ALLOW_EMPTY_PASSWORD=yes")
        for name in ("DATABASE", "USER"):
            if text(name) and not _NAME.fullmatch(text(name)):
                raise SettingsError(f"MYSQL_{name}={text(name)!r} is no name; use letters, digits, _, $ and -")
        if text("USER") == "root":
            raise SettingsError("MYSQL_USER=root is there already; leave it out, or name another user")
        if bool(text("USER")) != bool(text("PASSWORD")):
            raise SettingsError("MYSQL_USER and MYSQL_PASSWORD belong together; set both or neither")
        if any(ord(character) < ord(" ") for character in text("ROOT_PASSWORD") + text("PASSWORD")):
            raise SettingsError("a password has a line break or another control character; use one without")
        return cls(text("ROOT_PASSWORD"), text("DATABASE"), text("USER"), text("PASSWORD"))

    def statements(self) -> tuple[str, ...]:
        """Return the SQL that makes them, a statement a line; it may run more than once."""
        # mariadb-install-db makes root for further hosts too, without a password.
        lines = [
            "DELETE FROM mysql.global_priv WHERE User = '' OR User = 'root' AND Host NOT IN ('localhost', '%');",
            "FLUSH PRIVILEGES;",
        ]
        for host in _EVERYBODY:
            root = f"'root'@'{host}'"
            lines += [
                f"CREATE USER IF NOT EXISTS {root} IDENTIFIED BY {_quoted(self.root_password)};",
                f"ALTER USER {root} IDENTIFIED BY {_quoted(self.root_password)};",
                f"GRANT ALL ON *.* TO {root} WITH GRANT OPTION;",
            ]
        if self.database:
            lines.append(f"CREATE DATABASE IF NOT EXISTS `{self.database}`;")
        if self.user:
            lines.append(f"CREATE USER IF NOT EXISTS '{self.user}'@'%' IDENTIFIED BY {_quoted(self.password)};")
        if self.user and self.database:
            # An underscore in the name of a grant stands for any character.
            lines.append(f"GRANT ALL ON `{self.database.replace('_', chr(92) + '_')}`.* TO '{self.user}'@'%';")
        return tuple(lines)


def main() -> int:
    """Make the data folder when there is none, and become the server."""
    parser = argparse.ArgumentParser(prog="python -m gonogo_services.batch.mariadb")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=3306)
    parser.add_argument("--data", type=Path, required=True)
    given, options = parser.parse_known_args()
    server, install = server_program("mariadbd", _PACKAGE), server_program("mariadb-install-db", _PACKAGE)
    data = given.data.resolve()
    data.mkdir(parents=True, exist_ok=True)
    folder = DataFolder(data, data / "making")
    common = ["--no-defaults", f"--datadir={data}"]
    if os.geteuid() == 0:
        common.append("--user=root")  # the server refuses that unless it is told; here it runs as its caller
    if folder.is_new:
        _make(folder, Accounts.read(os.environ), install, server, common)
    arguments = [
        str(server),
        *common,
        f"--bind-address={given.host}",
        f"--port={given.port}",
        "--socket=server.sock",  # in the data folder, where the server works: a whole path is soon too long for one
        "--pid-file=server.pid",
        "--skip-name-resolve",
        "--skip-log-bin",
        "--innodb-flush-log-at-trx-commit=1",
        *options,
    ]
    sys.stdout.flush()
    os.execv(server, arguments)  # noqa: S606 - no shell, and the server gets the signals itself


def _make(folder: DataFolder, accounts: Accounts, install: str, server: str, common: list[str]) -> None:
    with folder.making():
        run_once([install, *common, "--skip-test-db", "--auth-root-authentication-method=normal"])
        # In this mode the server reads statements, listens nowhere, and knows accounts only after they were loaded.
        statements = "\n".join(["FLUSH PRIVILEGES;", *accounts.statements(), ""])
        run_once([server, *common, "--bootstrap", "--skip-log-bin"], statements)


def _quoted(text: str) -> str:
    return quoted(text.replace("\\", "\\\\"))


if __name__ == "__main__":
    exit_with("mariadb", main)
