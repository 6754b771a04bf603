"""What a worker inside of the stack is told before it starts: its share of a plan, and whom to trust."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from gonogo.load.plan import LoadPlan
from gonogo.load.share import Share
from gonogo.load.target import Target

__all__ = ["Assignment", "trusted_certificates"]


@dataclass(frozen=True, slots=True)
class Assignment:
    """What one engine inside of the stack shall drive.

    Attributes:
        plan: of the run, whole: data sets, bodies and expectations are in it.
        share: which of its requests are this engine's.
        rows: the most requests that these can be.
        certificates: PEM; by which servers are trusted, those of the session's machine. Empty without TLS.
    """

    plan: LoadPlan
    share: Share
    rows: int
    certificates: bytes = b""


def trusted_certificates(targets: tuple[Target, ...]) -> bytes:
    """Return the certificates by which this machine trusts servers, as PEM; nothing where no target speaks TLS.

    They are those of OpenSSL's default places, which ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` move.
    """
    if not any(target.url.startswith("https:") for target in targets):
        return b""
    paths = ssl.get_default_verify_paths()
    files = [Path(paths.cafile)] if paths.cafile else []
    if paths.capath:
        files += sorted(path for path in Path(paths.capath).iterdir() if path.is_file())
    found: dict[bytes, None] = {}
    for file in files:
        try:
            found[file.read_bytes().strip()] = None
        except OSError:
            continue  # as OpenSSL does
    return b"\n".join(found) + b"\n"
