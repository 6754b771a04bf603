"""What all tests need: interrupts that interrupt."""

import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Shells start background jobs with SIGINT ignored, children inherit that, and tests of Ctrl-C would test nothing.
    signal.signal(signal.SIGINT, signal.default_int_handler)
