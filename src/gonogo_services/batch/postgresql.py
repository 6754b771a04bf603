"""``python -m gonogo_services.batch.postgresql``: a PostgreSQL server that starts as the image postgres does.

The first start makes the data folder; ``POSTGRES_PASSWORD``, ``POSTGRES_USER``, ``POSTGRES_DB``,
``POSTGRES_INITDB_ARGS`` and ``POSTGRES_HOST_AUTH_METHOD`` say what is in it, as documented at
https://hub.docker.com/_/postgres; each but the last can be in a file that a variable of its name and ``_FILE`` names.
Then this process keeps the server: SIGTERM becomes a fast shutdown, as the image's stop signal asks for, and the server
ends with its keeper. No connection is taken before the accounts are there. Every commit is durable.
"""

from __future__ import annotations

import argparse
import os
import pwd
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gonogo_services.batch.data_folder import DataFolder, group_of, quoted, run_once, server_program
from gonogo_services.errors import SettingsError
from gonogo_services.program import exit_with
from gonogo_services.serving.lifeline import die_with

__all__ = ["Accounts", "main"]

_PACKAGE: Final = "postgresql"
_METHODS: Final = ("scram-sha-256", "md5", "password", "trust", "reject")
_UNPRIVILEGED: Final = ("postgres", "nobody")
# PostgreSQL manual, "Shutting Down the Server": SIGINT ends connections and shuts down, SIGTERM waits for them.
_PASSED_ON: Final = {
    signal.SIGTERM: signal.SIGINT,
    signal.SIGINT: signal.SIGINT,
    signal.SIGQUIT: signal.SIGQUIT,
    signal.SIGHUP: signal.SIGHUP,
}
_SIGNALLED: Final = 128


@dataclass(frozen=True, slots=True)
class Accounts:
    """The account and the database of a new data folder.

    Attributes:
        password: of the user; empty only where everybody is trusted.
        user: the superuser.
        database: what it owns.
        method: how those who connect show who they are.
        options: further words for ``initdb``.
    """

    password: str
    user: str = "postgres"
    database: str = "postgres"
    method: str = "scram-sha-256"
    options: tuple[str, ...] = ()

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Accounts:
        """Return what the variables say.

        Raises:
            SettingsError: there is no password, a value cannot be used, or a file cannot be read.
        """
        method = environment.get("POSTGRES_HOST_AUTH_METHOD") or "scram-sha-256"
        if method not in _METHODS:
            raise SettingsError(f"POSTGRES_HOST_AUTH_METHOD={method!r} is not known; use one of {', '.join(_METHODS)}")
        password = _stated(environment, "PASSWORD")
        if not password and method != "trust":
            raise SettingsError("POSTGRES_PASSWORD is not set; set it, or POSTGRES_HOST_AUTH_METHOD=trust")
        user = _stated(environment, "USER") or "postgres"
        database = _stated(environment, "DB") or user
        if re.search(r"[\x00-\x1f]", password + user + database):
            raise SettingsError("a POSTGRES_ variable has a line break or another control character; use one without")
        if user.startswith("pg_"):
            raise SettingsError(f"POSTGRES_USER={user!r} is reserved; use a name that does not begin with pg_")
        try:
            options = tuple(shlex.split(_stated(environment, "INITDB_ARGS")))
        except ValueError as error:
            raise SettingsError(f"POSTGRES_INITDB_ARGS cannot be split into words: {error}") from error
        return cls(password, user, database, method, options)

    def statements(self) -> str:
        """Return the SQL that makes them, a statement a line."""
        lines = []
        if self.password:
            lines.append(f"ALTER USER {_name(self.user)} PASSWORD {quoted(self.password)};")
        if self.database not in {"postgres", "template0", "template1"}:
            lines.append(f"CREATE DATABASE {_name(self.database)} OWNER {_name(self.user)};")
        return "".join(f"{line}\n" for line in lines)

    @property
    def admission(self) -> str:
        """The lines of ``pg_hba.conf``: everybody shows who they are, since all come from the same machine."""
        return f"host all all all {self.method}\nhost replication all all {self.method}\n"


def main() -> int:
    """Make the data folder when there is none, and keep the server until it ends; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m gonogo_services.batch.postgresql", allow_abbrev=False)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5432)
    parser.add_argument("--data", type=Path, required=True, help="the server's own folder is in it, or is PGDATA")
    given, options = parser.parse_known_args()
    folders = _versions(Path("/usr/lib/postgresql"))
    server = server_program("postgres", _PACKAGE, folders)
    install = server_program("initdb", _PACKAGE, folders)
    cluster = Path(os.environ.get("PGDATA") or given.data / "cluster").resolve()
    folder = DataFolder(cluster, cluster.with_name(f"{cluster.name}.making"))
    user = _unprivileged() if os.geteuid() == 0 else None
    if folder.is_new:
        _make(folder, Accounts.read(os.environ), install, server, user)
    command = [
        *(server, "-p", str(given.port)),
        *("-c", f"listen_addresses={given.host}", "-c", "unix_socket_directories="),
        *("-c", "dynamic_shared_memory_type=mmap"),  # in the data folder: elsewhere it would outlive a SIGKILL
        # The image's name for the server may come first in a manifest's args.
        *(options[1:] if options[:1] == ["postgres"] else options),
    ]
    return _keep(command, cluster, user)


@contextmanager
def _way(cluster: Path) -> Iterator[tuple[int, str]]:
    """Give a descriptor of the folder and a path by which the processes that inherit it come there.

    The server refuses to run as root, and another user may not be able to enter the folders above its own.
    """
    descriptor = os.open(cluster, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor, f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def _make(folder: DataFolder, accounts: Accounts, install: str, server: str, user: str | None) -> None:
    with folder.making(), _way(folder.path) as (descriptor, path):
        folder.path.chmod(0o700)
        if user is not None:
            shutil.chown(folder.path, user, group_of(user))
        made = [install, "-D", path, "-U", accounts.user, "-A", "trust", "-E", "UTF8", "--locale=C"]
        run_once([*made, *accounts.options], user=user, pass_fds=(descriptor,))
        # In this mode the server reads statements, a line each, and listens nowhere.
        alone = [server, "--single", "-D", path, "-c", "exit_on_error=on", "-c", "log_min_error_statement=panic"]
        run_once([*alone, "postgres"], accounts.statements(), user=user, pass_fds=(descriptor,))
        (folder.path / "pg_hba.conf").write_text(accounts.admission)


def _keep(command: Sequence[str], cluster: Path, user: str | None) -> int:
    """Run the server, pass signals on to it, and return its exit status."""
    keeper, heard = os.getpid(), {*_PASSED_ON, signal.SIGCHLD}
    signal.pthread_sigmask(signal.SIG_BLOCK, heard)

    def become() -> None:
        die_with(keeper)  # after the change of user, which would have undone it
        signal.pthread_sigmask(signal.SIG_UNBLOCK, heard)

    sys.stdout.flush()
    with (
        _way(cluster) as (descriptor, path),
        subprocess.Popen(  # noqa: S603 - the distribution's own
            [*command, "-D", path],
            cwd="/",
            pass_fds=(descriptor,),
            user=user,
            group=None if user is None else group_of(user),
            extra_groups=None if user is None else (),
            preexec_fn=become,  # noqa: PLW1509 - this process has one thread
        ) as server,
    ):
        while server.poll() is None:
            signalled = signal.sigwait(heard)
            if signalled in _PASSED_ON:
                server.send_signal(_PASSED_ON[signal.Signals(signalled)])
    return server.returncode if server.returncode >= 0 else _SIGNALLED - server.returncode


def _stated(environment: Mapping[str, str], name: str) -> str:
    variable = f"POSTGRES_{name}"
    path = environment.get(f"{variable}_FILE", "")
    if not path:
        return environment.get(variable, "")
    if environment.get(variable):
        raise SettingsError(f"{variable} and {variable}_FILE are both set; set one of them")
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{variable}_FILE={path} cannot be read: {error}") from error


def _unprivileged() -> str:
    for name in _UNPRIVILEGED:
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    raise SettingsError(
        f"the server does not run as root, and there is none of the users {', '.join(_UNPRIVILEGED)}; make one, or "
        "start as a user who is not root"
    )


def _versions(root: Path) -> list[Path]:
    """Return the folders with programs of the versions that are installed, the newest first."""
    found = [path for path in root.glob("*/bin") if path.parent.name.replace(".", "", 1).isdigit()]
    return sorted(found, key=lambda path: float(path.parent.name), reverse=True)


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


if __name__ == "__main__":
    exit_with("postgresql", main)
