"""The live view: a running load in the terminal, for whoever waits for it."""
