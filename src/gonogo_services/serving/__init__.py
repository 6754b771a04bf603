"""The server under every service: bound once, forked after loading code, supervised until told to stop."""
