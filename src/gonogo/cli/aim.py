"""What a command shall load, and where it may write."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from gonogo.errors import TargetError, UsageError
from gonogo.load.target import Target
from gonogo.load.target_file import read_targets

__all__ = ["targets_from", "writable"]


def targets_from(url: str, file: Path | None, method: str, headers: Sequence[str], body: str) -> tuple[Target, ...]:
    """Return what the options of a command name: a URL with its method, headers and body, or a target file.

    Raises:
        UsageError: neither was given, or both.
        TargetError: something cannot be read, or is no target.
    """
    if bool(url) == (file is not None):
        raise UsageError("give a URL or --targets FILE, one of them", mend="such as gonogo load http://127.0.0.1:8000/")
    if file is not None:
        given = [name for name, value in (("--method", method), ("--header", headers), ("--body", body)) if value]
        if given:
            raise UsageError(f"{given[0]} does not go with --targets", mend="write it into the target file")
        return read_targets(_text(file), origin=str(file), open_file=lambda name: _bytes(file.parent / name))
    sent = {}
    for line in headers:
        key, colon, value = line.partition(":")
        if not colon:
            raise TargetError(f"{line!r} is no header", where="--header", mend="write 'Name: value'")
        sent[key.strip()] = value.strip()
    data = _bytes(Path(body[1:])) if body.startswith("@") else body.encode()
    return (Target.build(method or ("POST" if data else "GET"), url, headers=sent, body=data),)


def _bytes(path: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise TargetError(
            f"it cannot be read: {error.strerror}", where=str(path), mend="name a readable file"
        ) from error


def _text(path: Path) -> str:
    try:
        return _bytes(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise TargetError("it is no UTF-8 text", where=str(path), mend="name a target file") from error


def writable(folder: Path) -> Path:
    """Return ``folder``, made, as an absolute path.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".gonogo-writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UsageError(
            f"it cannot be written: {error.strerror}", where=str(folder), mend="give --out a writable folder"
        ) from error
    return folder.absolute()
