"""The data folder of a database server: made once, whole or from the beginning, before its server starts."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gonogo_services.errors import ServiceError

__all__ = ["DataFolder", "group_of", "quoted", "run_once", "server_program"]

_SEARCH: Final = "/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin"
_WORDS_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class DataFolder:
    """A data folder, and the file that is there while it is being made.

    Attributes:
        path: absolute.
        mark: within the folder or beside it.
    """

    path: Path
    mark: Path

    @property
    def is_new(self) -> bool:
        """Whether it holds no database, or one whose making was cut short."""
        return self.mark.exists() or not self.path.is_dir() or not any(self.path.iterdir())

    @contextmanager
    def making(self) -> Iterator[None]:
        """Empty it for the block, which makes the database; when that is cut short, the next start begins anew."""
        self.path.mkdir(parents=True, exist_ok=True)
        for left in self.path.iterdir():
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left)
            elif left != self.mark:
                left.unlink()
        self.mark.touch()
        yield
        self.mark.unlink()


def server_program(name: str, package: str, folders: Sequence[Path] = ()) -> str:
    """Return the path of a program of a database server.

    Args:
        name: of the program.
        package: of Debian that has it.
        folders: where it may be besides PATH and the system's own folders; the first one counts.

    Raises:
        ServiceError: it is not installed.
    """
    search = ":".join([*map(str, folders), os.environ.get("PATH", ""), _SEARCH])
    found = shutil.which(name, path=search)
    if found is None:
        raise ServiceError(f"there is no program {name}; install a server (Debian: apt-get install {package})")
    return found


def run_once(
    command: Sequence[str], statements: str = "", *, user: str | None = None, pass_fds: Sequence[int] = ()
) -> None:
    """Run a program that makes something and ends.

    Args:
        command: program and arguments.
        statements: its standard input.
        user: as whom, with that user's group; None: as this process.
        pass_fds: descriptors that it inherits.

    Raises:
        ServiceError: it fails; the message has the end of what it said.
    """
    ran = subprocess.run(  # noqa: S603 - the distribution's own
        command,
        input=statements,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        pass_fds=pass_fds,
        user=user,
        group=None if user is None else group_of(user),
        extra_groups=None if user is None else (),
    )
    if ran.returncode != 0:
        said = " ".join((ran.stdout + ran.stderr).split()[-_WORDS_SHOWN:])
        raise ServiceError(f"{Path(command[0]).name} could not make the data folder: {said}")


def group_of(user: str) -> int:
    """Return the id of the user's own group.

    Raises:
        KeyError: there is no such user.
    """
    return pwd.getpwnam(user).pw_gid


def quoted(text: str) -> str:
    """Return the text as a literal of SQL in which a backslash is a character like any other."""
    return "'" + text.replace("'", "''") + "'"
