"""The first process of a worker: it waits, so that engines can be started beside it, and buries orphans."""

from __future__ import annotations

import signal

__all__ = ["main"]


def main() -> None:
    """Wait for SIGTERM or SIGINT."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel then keeps no zombies for it
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    signal.sigwait(ends)


if __name__ == "__main__":
    main()
