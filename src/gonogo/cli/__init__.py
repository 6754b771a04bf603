"""The command line: thin over wiring."""
