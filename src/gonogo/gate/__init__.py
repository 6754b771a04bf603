"""The gate: one session's ledger of tests, runs and criteria, and the judgment that follows from it."""
